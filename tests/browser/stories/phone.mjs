// Ben settles by his phone bill: his number, and the code that his operator sends him.

import { strict as assert } from 'node:assert';
import { CODE, Operator } from '../providers/phone.mjs';
import { article, chooseRail, give, isPaid, owes, owing, publishArticle, tap } from '../steps.mjs';
import { FEW, euros, say } from '../ways.mjs';

const SONGS = 90;
/** More than law lets an operator bill at once. */
const CONCERT = 5001;

async function byPhone(stage, look) {
  const { lang } = look;
  const operator = await stage.provider(Operator);
  const settings = { ...operator.settings(), ARDOISE_TAB_LIMIT_SETTLED: '60.00' };
  const { ada, ben } = await owing(stage, look, SONGS, settings);
  await ben.look('choose');
  await chooseRail(ben, 'phone');
  await ben.look('number');
  await give(ben, 'number', '12', /^\/tab\/charges\//);
  await ben.sees(say(lang, 'Ce n’est pas un numéro de téléphone', 'That is no telephone number'));
  await ben.look('number-wrong');
  await give(ben, 'number', '06 12 34 56 78', /^\/tab\/charges\//);
  await ben.look('code');
  await give(ben, 'otp', '111111', /^\/tab\/charges\//);
  await ben.sees(say(lang, 'Rien n’a été débité', 'Nothing was charged'));
  assert.equal(await ben.page.locator('#otp[aria-invalid]').count(), 1);
  await ben.look('code-wrong');
  assert.deepEqual(operator.billed(), []);
  const charge = ben.page.url();
  await owes(ben, SONGS);
  await ben.visit(charge);
  await give(ben, 'otp', CODE.replace(/^.../, '$& '), /^\/tab\/settled\//);
  await isPaid(ben, SONGS);
  assert.deepEqual(operator.billed(), [['+33612345678', 0.9]]);
  await tooMuch(ben, ada);
}

/** Above fifty euros the phone bill says up to how much it can be had, and has no button. */
async function tooMuch(ben, ada) {
  const { lang } = ben.way;
  const title = say(lang, 'Le concert entier', 'The whole concert');
  await tap(ben, await publishArticle(ada, { title, cents: CONCERT, text: article(lang) }));
  await ben.visit('/tab/settle');
  await ben.sees(euros(lang, CONCERT));
  await ben.sees(say(lang, 'Jusqu’à ', 'Up to ') + euros(lang, 5000));
  assert.equal(await ben.page.locator('form[action$="/phone"]').count(), 0);
  await ben.look('too-much');
}

export default FEW.map((look) => ({ name: `phone ${look.name}`, run: (stage) => byPhone(stage, look) }));
