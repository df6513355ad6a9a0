// Ben settles his tab: at a provider's own page and back, or from a wallet on his phone.

import { strict as assert } from 'node:assert';
import { Lnbits } from '../providers/lnbits.mjs';
import { PayPal } from '../providers/paypal.mjs';
import { Stripe } from '../providers/stripe.mjs';
import { until } from '../shop.mjs';
import { chooseRail, isPaid, owes, owing } from '../steps.mjs';
import { way } from '../ways.mjs';

const SONGS = 90;

const WAYS = [
  way('fr', 'phone', true, true), way('en', 'phone', false), way('en', 'desktop', true), way('fr', 'phone', false, true),
];

/** Ben owes three songs in a shop that settles by this provider; `tell` goes on from the page on which he settles. */
const told = (Kind, tell) => (way) => async (stage) => {
  const provider = await stage.provider(Kind);
  const { ben } = await owing(stage, way, SONGS, provider.settings());
  await ben.look('choose');
  await tell(ben, provider);
};

/** Ben goes to the provider's page, turns back once, goes again, pays, and agrees to be charged that way later. */
const there = (rail) => async (ben) => {
  const form = `form[action="/tab/settle/${rail}"]`;
  await ben.press(`${form} button`, /^\/(agree|c\/pay)\//);
  await ben.press('button[value=leave]', /^\/tab\//);
  await ben.look('left');
  await owes(ben, SONGS);
  await ben.visit('/tab/settle');
  await ben.page.check(`${form} input[name=bind]`);
  await ben.press(`${form} button`, /^\/(agree|c\/pay|tab\/charges)\//);
  if (new URL(ben.page.url()).origin === ben.stage.open.url) {
    await ben.look('still-open');
    await ben.press('main a.button', /^\/(agree|c\/pay)\//);
  }
  await ben.press('button[value=pay]', /^\/tab\/settled\//);
  await isPaid(ben, SONGS);
  await ben.visit('/tab/settle');
  await ben.look('agreed');
};

/** Ben pays from his wallet; the page waits for it, by itself or by its button. */
async function byWallet(ben, lnbits) {
  await chooseRail(ben, 'lightning');
  await ben.look('scan');
  const invoice = await ben.page.inputValue('#code');
  assert.equal(invoice, lnbits.kept[0].bolt11);
  lnbits.pay();
  await until(async () => {
    if (!ben.way.js) await ben.page.reload();
    return /^\/tab\/settled\//.test(new URL(ben.page.url()).pathname);
  }, 'the page has seen that it is paid', 20_000);
  await ben.page.waitForLoadState('load');
  await isPaid(ben, SONGS);
}

const stories = { paypal: told(PayPal, there('paypal')), stripe: told(Stripe, there('stripe')), lightning: told(Lnbits, byWallet) };

export default Object.entries(stories).flatMap(([rail, tell]) =>
  WAYS.map((way) => ({ name: `settling-${rail} ${way.name}`, run: tell(way) })));
