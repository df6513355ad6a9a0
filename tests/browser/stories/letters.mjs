// Readers are written to before they are charged: Ben objects from the letter, Zoé's bank wants to hear it from her.

import { strict as assert } from 'node:assert';
import { PostOffice } from '../providers/mail.mjs';
import { Stripe } from '../providers/stripe.mjs';
import { until } from '../shop.mjs';
import { article, openWithAda, owes, publishArticle, tap } from '../steps.mjs';
import { FEW, euros, say } from '../ways.mjs';

const [BEN, ZOE] = ['ben@reader.example', 'zoe@reader.example'];
/** What both settle by hand, and what waits on their tabs then. */
const [SONGS, NOVEL] = [90, 300];
const SETTINGS = { ARDOISE_TAB_SETTLE_AT: '3.00', ARDOISE_RAIL_SANDBOX: 'off' };

async function letters(stage, look) {
  const { lang } = look;
  const [office, stripe] = [await stage.provider(PostOffice), await stage.provider(Stripe)];
  const ada = await openWithAda(stage, look, { ...SETTINGS, ...office.settings(), ...stripe.settings() });
  const songs = await publishArticle(ada, { title: say(lang, 'Trois chansons', 'Three songs'), cents: SONGS, text: article(lang) });
  const novel = await publishArticle(ada, { title: say(lang, 'Un roman', 'A novel'), cents: NOVEL, text: article(lang) });
  const [ben, zoe] = [await stage.person('Ben', look), await stage.person('Zoé', look)];
  for (const [reader, address] of [[ben, BEN], [zoe, ZOE]]) {
    await settlesAndBinds(reader, songs, address);
    await office.letter(address, euros(lang, SONGS));
    await tap(reader, novel);
  }
  await reads(ben, await office.letter(BEN, say(lang, 'Vous avez réglé', 'You paid')), 'letter-receipt');
  await stage.open.killAndReopen();
  const coming = say(lang, 'sera débitée de', 'will be charged');
  await office.letter(ZOE, coming);
  await benObjects(ben, office, coming);
  // From here on what was announced is charged at once: no days lie between here.
  await stage.open.killAndReopen({ ARDOISE_TAB_NOTICE_DAYS: '0' });
  const proof = await office.letter(ZOE, say(lang, 'Merci de confirmer', 'Please confirm'));
  assert.equal(stripe.askedAway.length, 1, 'who objected is not charged');
  await owes(ben, NOVEL);
  await zoePaysElsewhere(zoe, proof);
  await zoeIsLeftInPeace(zoe, office);
  await byOneClick(ben, office);
}

/** Somebody takes the songs, pays for them by card, agrees to be charged that way later, and says where letters go. */
async function settlesAndBinds(reader, songs, address) {
  await tap(reader, songs);
  await reader.visit('/tab/settle');
  await reader.page.check('#bind-stripe');
  await reader.page.fill('#email-stripe', address);
  if (address === BEN) await reader.look('address');
  await reader.press('form[action="/tab/settle/stripe"] button', /^\/c\/pay\//);
  await reader.press('button[value=pay]', /^\/tab\/settled\//);
}

/** Somebody opens a letter in their mail program. */
async function reads(reader, letter, name) {
  await reader.visit(letter.url);
  await reader.look(name);
}

async function benObjects(ben, office, coming) {
  const { lang } = ben.way;
  const letter = await office.letter(BEN, coming);
  await ben.visit('/tab');
  await ben.look('tab-told');
  await reads(ben, letter, 'letter-announced');
  await ben.press('a[href*="/mail/object/"]', /^\/mail\/object\//);
  await ben.look('object');
  await ben.press('form[action^="/mail/object/"] button', /^\/mail\/object\//);
  await until(async () => (await ben.text('h1')) === say(lang, 'Rien ne sera débité', 'Nothing will be charged'), 'he has objected');
  await ben.look('objected');
  await reads(ben, await office.letter(BEN, say(lang, 'Plus rien ne sera débité', 'You are not charged any more')), 'letter-objected');
}

/** From the letter, on a device that never saw the tab. */
async function zoePaysElsewhere(zoe, letter) {
  const { lang } = zoe.way;
  await zoe.visit('/tab');
  await zoe.look('tab-proof');
  const laptop = await zoe.stage.person('Zoé’s laptop', zoe.way);
  await reads(laptop, letter, 'letter-proof');
  await laptop.press('a[href*="/mail/pay/"]', /^\/mail\/pay\//);
  await laptop.sees(euros(lang, NOVEL));
  await laptop.missesOut(say(lang, 'Un roman', 'A novel'));
  await laptop.look('pay');
  await laptop.press('form[action$="/stripe"] button', /^\/c\/pay\//);
  await laptop.press('button[value=pay]', /^\/tab\/settled\//);
  await laptop.sees(euros(lang, NOVEL));
  await laptop.look('paid-elsewhere');
  await laptop.visit('/tab');
  await laptop.missesOut(say(lang, 'Un roman', 'A novel'));
  await owes(zoe, 0);
}

/** One button ends her letters: the shop forgets where they went. */
async function zoeIsLeftInPeace(zoe, office) {
  const { lang } = zoe.way;
  const receipt = await office.letter(ZOE, euros(lang, NOVEL));
  assert.equal(receipt.headers['list-unsubscribe-post'], 'List-Unsubscribe=One-Click');
  await zoe.visit(receipt.link('stop'));
  await zoe.look('stop');
  await zoe.press('form[action^="/mail/stop/"] button', /^\/mail\/stop\//);
  await until(async () => (await zoe.text('h1')) === say(lang, 'Plus rien ne sera envoyé', 'Nothing more will be sent'), 'she has stopped them');
  await zoe.look('stopped');
  await zoe.visit('/tab');
  await zoe.missesOut(ZOE);
  await zoe.look('tab-stopped');
}

/** Ben's mail program stops his for him (RFC 8058). */
async function byOneClick(ben, office) {
  const [, link] = /<(.+)>/.exec(office.to(BEN).at(-1).headers['list-unsubscribe']);
  const answer = await fetch(link, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) });
  assert.equal(answer.status, 200);
  await ben.visit('/tab');
  await ben.missesOut(BEN);
}

export default FEW.map((look) => ({ name: `letters ${look.name}`, run: (stage) => letters(stage, look) }));
