// Ben settles with coins from a Cashu wallet: too few, spent ones, and then more than enough.

import { strict as assert } from 'node:assert';
import { Mint } from '../providers/mint.mjs';
import { chooseRail, give, giveInVain, isPaid, owes, owing } from '../steps.mjs';
import { FEW, say } from '../ways.mjs';

const SONGS = 90;
/** What that is, at €50,000 for a bitcoin. */
const SATS = 1800;

async function byCoins(stage, look) {
  const mint = await stage.provider(Mint);
  const { ben } = await owing(stage, look, SONGS, mint.settings());
  await ben.look('choose');
  await chooseRail(ben, 'ecash');
  await ben.sees(`${SATS} sat`);
  assert.equal(await ben.page.locator('[data-copy=code]:visible').count(), look.js ? 1 : 0);
  await ben.look('asked');
  await tooFew(ben, mint);
  await spentBefore(ben, mint);
  await chooseRail(ben, 'ecash');
  const coins = mint.token(2000);
  await give(ben, 'token', coins, /^\/tab\/settled\//);
  assert.equal(mint.worth(coins), 0, 'the shop has them');
  await ben.sees(say(look.lang, 'Votre monnaie : 199 sat', 'Your change is 199 sat'));
  assert.match(await ben.page.inputValue('#change'), /^cashuB/);
  await isPaid(ben, SONGS);
}

/** Nothing is done with coins that do not reach, and Ben can go on from there. */
async function tooFew(ben, mint) {
  const coins = mint.token(1000);
  await giveInVain(ben, 'token', coins);
  await ben.sees(say(ben.way.lang, 'Ce jeton vaut 1000 sat, et il en faut 1800', 'worth 1000 sat, and 1800 sat are needed'));
  await ben.look('too-few');
  assert.equal(mint.worth(coins), 1000);
  await ben.press('main a.button.loud', /^\/tab\/charges\//);
}

async function spentBefore(ben, mint) {
  const { lang } = ben.way;
  const coins = mint.token(2000);
  mint.spend(coins);
  await give(ben, 'token', coins, /^\/tab\/charges\//);
  await ben.sees(say(lang, 'a déjà été dépensé', 'was spent before'));
  await ben.sees(say(lang, 'Rien n’a été débité', 'Nothing was charged'));
  await ben.look('spent');
  await owes(ben, SONGS);
  await ben.visit('/tab/settle');
}

export default FEW.map((look) => ({ name: `ecash ${look.name}`, run: (stage) => byCoins(stage, look) }));
