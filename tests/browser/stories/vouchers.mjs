// Olu prints vouchers, and Ben settles with one until nothing is left on it.

import { strict as assert } from 'node:assert';
import { article, chooseRail, give, isPaid, owing, publishArticle, tap } from '../steps.mjs';
import { FEW, euros, say, typed } from '../ways.mjs';

const [SONGS, POEM, STORY] = [90, 110, 40];
/** A sheet without its margins, in CSS pixels: 180 by 275 mm. */
const A4 = { width: 680, height: 1039 };
/** What one voucher is worth: the songs and the poem, to the cent. */
const WORTH = SONGS + POEM;

async function byVoucher(stage, look) {
  const { lang } = look;
  const { olu, ada, ben } = await owing(stage, look, SONGS, { ARDOISE_VOUCHER_MOST: '20.00', ARDOISE_RAIL_SANDBOX: 'off' });
  const code = await oluPrints(olu);
  await ben.look('choose');
  await chooseRail(ben, 'voucher');
  await ben.look('asked');
  await give(ben, 'code', mistyped(code), /^\/tab\/charges\//);
  await ben.sees(say(lang, 'Ce code est mal recopié', 'This code is mistyped'));
  await ben.look('mistyped');
  await give(ben, 'code', code, /^\/tab\/settled\//);
  await isPaid(ben, SONGS);
  await byScanning(ben, ada, code);
  await nothingIsLeft(ben, ada, code);
  await olu.visit('/desk/vouchers');
  await olu.sees(say(lang, 'épuisé', 'used up'));
  await olu.look('list');
}

/** Answers the code of one voucher of those that are printed. */
async function oluPrints(olu) {
  const { lang } = olu.way;
  await olu.visit('/desk');
  await olu.press('a[href="/desk/vouchers"]', /^\/desk\/vouchers$/);
  await olu.look('none-yet');
  await olu.page.fill('#count', '3');
  await olu.page.fill('#amount', typed(lang, WORTH));
  await Promise.all([olu.page.waitForEvent('load'), olu.page.click('form[action="/desk/vouchers"] button')]);
  assert.equal(await olu.page.locator('.code').count(), 3);
  await olu.look('printed');
  await onPaper(olu);
  return olu.text('.code');
}

/** What comes out of the printer: the cards alone. */
async function onPaper(olu) {
  const { width, height } = olu.page.viewportSize();
  await olu.page.emulateMedia({ media: 'print' });
  await olu.page.setViewportSize(A4);
  assert.equal(await olu.page.locator('h1:visible, .once:visible').count(), 0);
  await olu.page.screenshot({ path: olu.stage.picture('on-paper', olu.way), fullPage: true });
  await olu.page.setViewportSize({ width, height });
  await olu.page.emulateMedia({ media: null });
}

/** One sign is another one. */
function mistyped(code) {
  return code.replace(/[0-9A-Z]/, (sign) => (sign === '7' ? '8' : '7'));
}

/** Ben scans the card with his phone: its page says what is left and pays with one button. */
async function byScanning(ben, ada, code) {
  const { lang } = ben.way;
  await tap(ben, await publishArticle(ada, { title: say(lang, 'Un poème', 'A poem'), cents: POEM, text: article(lang) }));
  await ben.visit(`/voucher/${code}`);
  await ben.sees(euros(lang, WORTH - SONGS), '.figure');
  await ben.look('scanned');
  await ben.press('form[action="/voucher"] button', /^\/tab\/settled\//);
  await ben.sees(euros(lang, POEM));
}

async function nothingIsLeft(ben, ada, code) {
  const { lang } = ben.way;
  await tap(ben, await publishArticle(ada, { title: say(lang, 'Un conte', 'A tale'), cents: STORY, text: article(lang) }));
  await ben.visit('/tab/settle');
  await chooseRail(ben, 'voucher');
  await give(ben, 'code', code, /^\/tab\/charges\//);
  await ben.sees(say(lang, 'Il ne reste rien sur ce bon', 'Nothing is left on this voucher'));
  await ben.look('used-up');
  await ben.visit(`/voucher/${code}`);
  await ben.look('scanned-used-up');
}

export default FEW.map((look) => ({ name: `vouchers ${look.name}`, run: (stage) => byVoucher(stage, look) }));
