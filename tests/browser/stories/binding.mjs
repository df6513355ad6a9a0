// A reader lets their tab settle itself: invited at one euro, bound without paying, paid without a tap.

import { strict as assert } from 'node:assert';
import { until } from '../shop.mjs';
import { article, openWithAda, publishArticle, tap } from '../steps.mjs';
import { euros, say, way } from '../ways.mjs';

/** What Ben takes, in cents: he is invited by the second, and the tab is charged once it holds all of them. */
const PRICES = [60, 40, 80, 150, 170];
const SUM = 500;

async function works(ada, lang) {
  const made = [];
  for (const [index, cents] of PRICES.entries()) {
    made.push(await publishArticle(ada, { title: say(lang, `Marée ${index + 1}`, `Tide ${index + 1}`), cents, text: article(lang) }));
  }
  return made;
}

const invited = (ben) => ben.page.locator('.invitation').count();

async function benIsInvitedAtAEuro(ben, [first, second]) {
  await tap(ben, first);
  await ben.visit('/tab');
  assert.equal(await invited(ben), 0, 'nobody is invited before');
  await tap(ben, second);
  assert.equal(await invited(ben), 1);
  await ben.look('content-invited');
  await ben.visit('/tab');
  await ben.sees(euros(ben.way.lang, 600), '.invitation');
  await ben.look('tab-invited');
}

async function benBindsWithoutPaying(ben) {
  const { lang } = ben.way;
  await ben.press('.invitation a', /^\/tab\/bind$/);
  await ben.sees(say(lang, 'jamais plus de 15,00 € à la fois', 'never more than €15.00 at a time'));
  await ben.look('bind');
  await ben.press('form[action="/tab/bind/sandbox"] button', /^\/tab\?bound=1$/);
  await ben.sees(say(lang, 'Rien n’a été débité', 'Nothing was charged'), 'body');
  await ben.sees(euros(lang, 100), '.owed');
  assert.equal(await invited(ben), 0, 'who has bound is not invited');
  await ben.look('tab-bound');
}

/** The shop looks for tabs that are due when it starts, and then every quarter of an hour: first it tells, then it charges. No days
 * lie between here. */
async function theTabIsPaidWithoutATap(ben, rest) {
  const { lang } = ben.way;
  for (const work of rest) await tap(ben, work);
  await ben.visit('/tab');
  await ben.sees(euros(lang, SUM), '.owed');
  await ben.stage.open.killAndReopen();
  await until(async () => {
    await ben.visit('/tab');
    return (await ben.page.locator('.told').count()) > 0;
  }, 'he is told');
  await ben.look('tab-announced');
  await ben.stage.open.killAndReopen();
  await until(async () => {
    await ben.visit('/tab');
    return (await ben.text('.owed')).includes(euros(lang, 0));
  }, 'the tab is paid');
  await ben.look('tab-paid-by-itself');
}

async function benEndsIt(ben) {
  await ben.press('form[action="/tab/mandates/sandbox/end"] button', /^\/tab\/settle/);
  await ben.visit('/tab');
  assert.equal(await ben.page.locator('form[action^="/tab/mandates/"]').count(), 0);
}

async function bound(stage, look) {
  const ada = await openWithAda(stage, look, { ARDOISE_TAB_NOTICE_DAYS: '0' });
  const made = await works(ada, look.lang);
  const ben = await stage.person('Ben', look);
  await benIsInvitedAtAEuro(ben, made);
  await benBindsWithoutPaying(ben);
  await theTabIsPaidWithoutATap(ben, made.slice(2));
  await benEndsIt(ben);
}

/** Put away it stays away; a full tab offers both ways all the same. */
async function putAway(stage, look) {
  const ada = await openWithAda(stage, look);
  const [first, second, , large] = await works(ada, look.lang);
  const ben = await stage.person('Ben', look);
  await benIsInvitedAtAEuro(ben, [first, second]);
  await ben.press('.invitation button', /^\/tab$/);
  assert.equal(await invited(ben), 0);
  await ben.visit(`/w/${second.work}`);
  assert.equal(await invited(ben), 0);
  await ben.visit(large.path);
  await ben.look('work-full');
  await ben.press('.buy a.button.quiet', /^\/tab\/bind$/);
}

export default [
  ...[way('fr', 'phone', false, true), way('en', 'phone', true, true)].map((look) => (
    { name: `binding ${look.name}`, run: (stage) => bound(stage, look) })),
  { name: 'binding put away in French', run: (stage) => putAway(stage, way('fr', 'phone', true, true)) },
  { name: 'binding put away in English', run: (stage) => putAway(stage, way('en', 'desktop', false, true)) },
];
