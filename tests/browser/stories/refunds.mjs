// What was paid goes back: by the way it came, by Olu's own hand, and by Ben's own button.

import { strict as assert } from 'node:assert';
import { PayPal } from '../providers/paypal.mjs';
import { owes, owing } from '../steps.mjs';
import { FEW, euros, say, typed } from '../ways.mjs';

const SONGS = 90;
/** What Olu sends back by PayPal, what by hand; Ben has the rest back himself. */
const [BY_RAIL, BY_HAND] = [30, 20];
const REST = SONGS - BY_RAIL - BY_HAND;

async function refunded(stage, look) {
  const paypal = await stage.provider(PayPal);
  const { olu, ben } = await owing(stage, look, SONGS, { ...paypal.settings(), ARDOISE_RAIL_CASH: say(look.lang, 'Au comptoir.', 'At the counter.') });
  const tab = await ben.text('.facts code');
  await ben.press('form[action="/tab/settle/paypal"] button', /^\/agree\//);
  await ben.press('button[value=pay]', /^\/tab\/settled\//);
  await oluOpens(olu, tab);
  await oluTakesTheLineBack(olu);
  await oluSendsTooMuch(olu);
  await oluSends(olu, 'rail', BY_RAIL);
  await oluSends(olu, 'hand', BY_HAND, say(look.lang, 'Rendu au comptoir', 'Given at the counter'));
  await olu.look('sent');
  await benHasTheRestBack(ben);
  assert.deepEqual(paypal.sentBack(), ['0.30', '0.40']);
  await olu.visit(`/desk/tabs/${tab}`);
  await olu.sees(euros(look.lang, REST));
  await olu.look('all-back');
}

async function oluOpens(olu, tab) {
  await olu.visit('/desk');
  await olu.page.fill('#find', tab);
  await olu.press('form[action="/desk/tabs"] button', /^\/desk\/tabs\/tab_/);
  await olu.sees(euros(olu.way.lang, SONGS));
  await olu.look('brought');
}

async function oluTakesTheLineBack(olu) {
  await olu.press('form[action$="/refund"] button', /^\/desk\/tabs\//);
  await olu.sees(say(olu.way.lang, 'Rembourser, au plus ', 'Give back, at most ') + euros(olu.way.lang, SONGS));
  await olu.look('credit');
}

/** More than there is: nothing moves. */
async function oluSendsTooMuch(olu) {
  await olu.page.fill('#back-1', typed(olu.way.lang, SONGS + 1));
  olu.refused = `${olu.page.url()}/refunds`;
  await olu.press('button[name=way][value=rail]', /\/refunds$/);
  await olu.sees(euros(olu.way.lang, SONGS));
  await olu.look('too-much');
  await olu.press('main a.button.loud', /^\/desk\/tabs\/tab_\w+$/);
}

async function oluSends(olu, way, cents, note) {
  await olu.page.fill('#back-1', typed(olu.way.lang, cents));
  if (note) await olu.page.fill('#note-1', note);
  await olu.press(`button[name=way][value=${way}]`, /^\/desk\/tabs\/tab_\w+$/);
}

async function benHasTheRestBack(ben) {
  const { lang } = ben.way;
  await owes(ben, 0);
  await ben.sees(euros(lang, BY_RAIL));
  await ben.sees(euros(lang, BY_HAND));
  await ben.look('tab-credit');
  await ben.press('form[action="/tab/refunds"] button', /^\/tab$/);
  assert.equal(await ben.page.locator('form[action="/tab/refunds"]').count(), 0, 'there is no credit any more');
  await ben.sees(euros(lang, REST));
  await ben.look('tab-all-back');
}

export default FEW.map((look) => ({ name: `refunds ${look.name}`, run: (stage) => refunded(stage, look) }));
