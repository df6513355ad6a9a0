// Ben settles a tab from a Lightning wallet, and the shop's wallet is LNbits.

import { strict as assert } from 'node:assert';
import { Shop, until } from '../../browser/shop.mjs';
import { Lnbits } from '../lnbits.mjs';
import { Visitor, article } from '../visitor.mjs';

/** €0.20 at the rate below. */
const SATS = 400;

function settings({ url, shop }) {
  return {
    ARDOISE_RAILS_TO_PRIVATE: 'true', ARDOISE_LIGHTNING_BASE: url, ARDOISE_LIGHTNING_INVOICE_KEY: shop.inkey,
    ARDOISE_LIGHTNING_RATE: '50000', ARDOISE_LIGHTNING_NETWORK: 'fake',
  };
}

/** Ben takes the article and begins to settle; answers the address of the charge and the invoice on its page. */
async function scan(ben, path) {
  const bought = await ben.fill(path, `${path}/buy`);
  assert.equal(bought.status, 303, bought.text);
  const begun = await ben.fill('/tab/settle', '/tab/settle/lightning');
  assert.match(begun.location, /^\/tab\/charges\//, begun.text);
  const { text } = await ben.get(begun.location);
  const [, invoice] = /id="code"[^>]*value="(lnbc[^"]+)"/.exec(text) ?? [];
  assert.ok(invoice, text);
  return { charge: begun.location, invoice };
}

/** The wallet may not call the shop: whoever waits on the page of the charge has it asked. */
async function asked(lnbits, shop) {
  const path = await article(shop, '0.20');
  const ben = new Visitor(shop.url);
  const { charge, invoice } = await scan(ben, path);
  await lnbits.pay(invoice);
  await until(async () => (await ben.get(charge)).status === 303, 'the shop asks');
  const [payment] = await lnbits.payments();
  assert.equal(payment.webhook, null);
}

/** The wallet says so itself. */
async function told(lnbits, shop) {
  const before = (await lnbits.payments()).length;
  const path = await article(shop, '0.20');
  const ben = new Visitor(shop.url);
  const { charge, invoice } = await scan(ben, path);
  const again = await ben.fill('/tab/settle', '/tab/settle/lightning');
  assert.equal(again.location, charge, 'beginning twice is one charge');
  assert.equal((await lnbits.payments()).length, before + 1, 'and one invoice');
  const balance = await lnbits.balance();
  await lnbits.pay(invoice);
  assert.equal(await lnbits.balance(), balance + SATS);
  // Nobody looks at the page of the charge: the wallet's own message has the shop ask, long before it would by itself.
  const receipt = charge.replace('charges', 'settled');
  await until(async () => (await ben.get(receipt)).status === 200, 'the shop has heard of it');
  assert.match((await ben.get('/tab')).text, /class="owed"[^€]*€0\.00/);
  const [payment] = await lnbits.payments();
  assert.equal(payment.webhook_status, '200');
  assert.equal(payment.extra.sats, SATS);
}

/** Nothing is begun: the reader is told in these words, and the operator in those. */
async function refused(shop, words, inTheLog) {
  const path = await article(shop, '0.20');
  const ben = new Visitor(shop.url);
  await ben.fill(path, `${path}/buy`);
  const begun = await ben.fill('/tab/settle', '/tab/settle/lightning');
  assert.match((await ben.get(begun.location)).text, words);
  assert.match(shop.log, inTheLog);
}

/** Tells `story` of a shop of its own; where it fails, what the shop wrote is told as well. */
async function inShop(binary, chosen, story) {
  const shop = await Shop.open(binary, chosen, '127.0.0.1');
  try {
    await story(shop);
  } catch (error) {
    console.log(shop.log);
    throw error;
  } finally {
    await shop.close();
  }
}

async function lightning(binary) {
  const lnbits = await Lnbits.open();
  try {
    await inShop(binary, settings(lnbits), (shop) => asked(lnbits, shop));
    await lnbits.mayCall();
    await inShop(binary, settings(lnbits), (shop) => told(lnbits, shop));
    const before = (await lnbits.payments()).length;
    // With the key that can send money; and at the wallet's own rate, which it cannot tell without its sources.
    const sends = { ...settings(lnbits), ARDOISE_LIGHTNING_INVOICE_KEY: lnbits.shop.adminkey };
    await inShop(binary, sends, (shop) => refused(shop, /does not work for this shop/, /that is the admin key/));
    const asks = { ...settings(lnbits), ARDOISE_LIGHTNING_RATE: '' };
    await inShop(binary, asks, (shop) => refused(shop, /cannot be reached right now/, /not a price of a bitcoin/));
    assert.equal((await lnbits.payments()).length, before);
  } finally {
    await lnbits.close();
  }
}

export default [{ name: 'lightning by LNbits', run: lightning }];
