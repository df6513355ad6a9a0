// Ada says where her gains are sent, Olu sends them by PayPal, and Ada sees them on their way, back, and arrived.

import { strict as assert } from 'node:assert';
import { PayPal } from '../providers/paypal.mjs';
import { arrive, article, invite, publishArticle, signIn, tap } from '../steps.mjs';
import { euros, say, way } from '../ways.mjs';

const ADDRESS = 'ada@author.example';
const SONGS = 150;

async function benPays(stage, look, songs) {
  const ben = await stage.person('Ben', look);
  await tap(ben, songs);
  await ben.visit('/tab/settle');
  await ben.press('form[action="/tab/settle/paypal"] button', /^\/agree\//);
  await ben.press('button[value=pay]', /^\/tab\/settled\//);
}

async function adaSaysWhere(ada, lang) {
  await ada.visit('/gains');
  const form = 'form[action="/gains/address"]:has(input[value=paypal])';
  assert.equal(await ada.page.inputValue('#to-paypal'), '');
  await ada.page.fill('#to-paypal', ADDRESS);
  await ada.press(`${form} button:not([name])`, /^\/gains$/);
  assert.equal(await ada.page.inputValue('#to-paypal'), ADDRESS);
  await ada.sees(say(lang, 'Retirer', 'Remove'), form);
  await ada.look('address');
}

/** Olu sends what there is; answers what presses the very same button again. */
async function oluSends(olu) {
  const form = 'form.received:has(button[value=paypal])';
  const read = (name) => olu.page.inputValue(`${form} input[name=${name}]`);
  const again = { payout: await read('payout'), amount: await read('amount'), by: 'paypal' };
  const action = await olu.page.getAttribute(form, 'action');
  await olu.press(`${form} button[value=paypal]`, /^\/desk$/);
  const { url } = olu.stage.open;
  return async () => {
    const answer = await olu.context.request.post(url + action, { form: again, headers: { origin: url } });
    assert.equal(answer.status(), 200, await answer.text());
  };
}

async function paid(stage, look) {
  const { lang } = look;
  const paypal = await stage.provider(PayPal);
  await stage.shop({ ...paypal.settings(), ARDOISE_PAYPAL_PAYOUTS: 'true', ARDOISE_PAYOUT_MINIMUM: '1.00' });
  const olu = await signIn(stage, look);
  const ada = await arrive(stage, 'Ada', await invite(olu, 'Ada'), look);
  const title = say(lang, 'Trois chansons pour novembre', 'Three songs for November');
  await benPays(stage, look, await publishArticle(ada, { title, cents: SONGS, text: article(lang) }));
  await olu.visit('/desk');
  await olu.sees(say(lang, 'n’a pas dit où verser ses gains', 'has not said where gains are sent'));
  await adaSaysWhere(ada, lang);

  await olu.visit('/desk');
  await olu.sees(ADDRESS);
  await olu.look('desk');
  paypal.paying = { item: 'UNCLAIMED', fee: '0.00' };
  const again = await oluSends(olu);
  await olu.sees(say(lang, 'En route.', 'On its way.'));
  await again();
  assert.equal(paypal.payouts.length, 1, 'pressing twice is once');
  assert.equal(paypal.payouts[0].asked.items[0].receiver, ADDRESS);
  await olu.visit('/desk');
  await olu.sees(say(lang, 'En attente de retrait', 'Waits to be claimed'));
  await olu.look('desk-under-way');
  await ada.visit('/gains');
  await ada.sees(say(lang, 'en route', 'on the way'), '.purse');
  await ada.look('under-way');

  paypal.payouts[0].stand = { item: 'RETURNED', fee: '0.00' };
  await again();
  await olu.visit('/desk');
  await olu.sees(say(lang, 'Revenu : personne', 'Came back: nobody'));
  await olu.look('desk-returned');
  await ada.visit('/gains');
  await ada.sees(say(lang, 'Revenu : personne', 'Came back: nobody'));

  paypal.paying = { item: 'SUCCESS', fee: '0.03' };
  await olu.press('form[action$="/seen"] button', /^\/desk$/);
  const second = await oluSends(olu);
  await second();
  const [, { asked }] = paypal.payouts;
  const sent = Number(asked.items[0].amount.value.replace('.', ''));
  await ada.visit('/gains');
  await ada.sees(euros(lang, sent), '.purse');
  await ada.missesOut(say(lang, 'en route', 'on the way'), '.purse');
  await ada.look('gains');
  await olu.visit('/desk');
  await olu.missesOut(say(lang, 'Envoyer par PayPal', 'Send by PayPal'));
}

export default [way('fr', 'phone', true, true), way('en', 'desktop', false, true)].map((look) => (
  { name: `payouts ${look.name}`, run: (stage) => paid(stage, look) }));
