// A reader's page at its plainest: few requests, no scripts, one tap counted once, the keyboard alone.

import { strict as assert } from 'node:assert';
import { article, openWithAda, publishArticle, tap } from '../steps.mjs';
import { euros, say, way } from '../ways.mjs';

/** Requests that may stand before the main content: the page and its style. */
const REQUESTS_MOST = 2;
/** Presses of Tab that may stand before the button. */
const TABS_MOST = 12;

async function shopWithArticle(stage, { lang, viewport }) {
  const ada = await openWithAda(stage, way(lang, viewport, true));
  return publishArticle(ada, { title: say(lang, 'Bus de nuit', 'Night bus'), cents: 20, text: article(lang) });
}

async function frugal(stage) {
  const bus = await shopWithArticle(stage, way('fr', 'phone', true));
  const ben = await stage.person('Ben', way('fr', 'phone', true));
  await ben.visit(bus.path);
  const kinds = ben.requests.map((request) => request.resourceType());
  const blocking = kinds.filter((kind) => ['document', 'stylesheet', 'script', 'font'].includes(kind));
  assert.ok(blocking.length <= REQUESTS_MOST, `before the content: ${blocking}`);
  assert.ok(!kinds.includes('script'), 'a script was asked for');
  const inline = await ben.page.locator('script:not([type="application/ld+json"])').count();
  assert.equal(inline, 0, 'a script stands in the page');
}

/** Two clicks as fast as a hand makes them; one line. */
async function hasty(stage) {
  const bus = await shopWithArticle(stage, way('en', 'desktop', true));
  const ben = await stage.person('Ben', way('en', 'desktop', true));
  await ben.visit(bus.path);
  await ben.page.locator('form[action$="/buy"] button.loud').dblclick();
  await ben.page.waitForURL(/\/w\//);
  await ben.visit('/tab');
  assert.equal(await ben.page.locator('.rows > li').count(), 1);
  await ben.sees(euros('en', 20), '.owed');
}

async function byKeyboard(stage, look) {
  const bus = await shopWithArticle(stage, look);
  const ben = await stage.person('Ben', look);
  await ben.visit(bus.path);
  for (let tabs = 0; ; tabs += 1) {
    assert.ok(tabs < TABS_MOST, 'the button is reached by Tab');
    await ben.page.keyboard.press('Tab');
    await assertFocusIsSeen(ben);
    if (await ben.page.locator('form[action$="/buy"] button:focus').count()) break;
  }
  await ben.look('work-focused');
  await ben.page.keyboard.press('Enter');
  await ben.page.waitForURL(/\/w\//);
  await ben.sees(say(look.lang, 'Bus de nuit', 'Night bus'));
}

/** Whatever has the focus is on the screen, with a mark around it, and nothing lies over it. */
async function assertFocusIsSeen(person) {
  const [what, seen] = await person.page.evaluate(() => {
    const focused = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(focused);
    const box = focused.getBoundingClientRect();
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return [focused.outerHTML.slice(0, 80), outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && inside];
  });
  assert.ok(seen, `the focus is not seen on ${what}`);
}

/** The switch at the foot changes the language of the page one is on, and it stays. */
async function inAnotherLanguage(stage) {
  const bus = await shopWithArticle(stage, way('en', 'phone', false));
  const ben = await stage.person('Ben', way('en', 'phone', false));
  await tap(ben, bus);
  await ben.press('form[action="/language"] button[value=fr]', /^\/w\//);
  await ben.sees('Sur l’ardoise : 0,20 €');
  await ben.visit('/tab');
  await ben.sees('Votre ardoise');
  await ben.press('form[action="/language"] button[value=en]', /^\/tab/);
  await ben.sees('Your tab');
}

export default [
  { name: 'reading asks for little and runs no script', run: frugal },
  { name: 'reading a double click pays once', run: hasty },
  { name: 'reading by keyboard on a desktop in French', run: (stage) => byKeyboard(stage, way('fr', 'desktop', true)) },
  { name: 'reading by keyboard without scripts in English', run: (stage) => byKeyboard(stage, way('en', 'desktop', false)) },
  { name: 'reading changes the language and stays on the page', run: inAnotherLanguage },
];
