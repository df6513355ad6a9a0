// What is asked of every page: its language, its width, its targets, and axe's opinion in both colour schemes.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The narrowest screen on which nothing may need scrolling sideways (WCAG 1.4.10). */
const NARROWEST = 320;
/** The least height of what is pressed with a finger, in CSS pixels. */
const FINGER = 44;
/** Little words that give away a sentence in the other language. */
const FOREIGN = {
  fr: /\b(the|your|you|with|and|from|of|this|is)\b/i,
  en: /\b(le|la|les|votre|vos|vous|pour|une|est|des|avec)\b/i,
};

export async function inspect(page, { name, way, path }) {
  await photograph(page, path);
  assert.equal(await page.locator('html').getAttribute('lang'), way.lang, `the language of ${name}`);
  await assertOwnWords(page, name, way);
  await assertWidth(page, name);
  const hidden = await page.locator('[hidden]:visible').count();
  assert.equal(hidden, 0, `${name} shows what is hidden, such as a button that needs a script`);
  if (way.viewport === 'phone') {
    await assertTargets(page, name);
    await assertNarrow(page, name, way);
  }
  if (!way.deep) return;
  if (way.js) await assertAccessible(page, name, path);
  else await onTwin(page, way, (twin) => assertAccessible(twin, name, path));
}

/** What the shop itself says is in one language; its name and what people wrote may be in any. */
async function assertOwnWords(page, name, way) {
  const text = await page.evaluate(() => {
    const own = document.body.cloneNode(true);
    const shop = own.querySelector('.shop')?.textContent ?? '';
    const others = '[lang], code, textarea, script, .article, .shop, .whom, [translate=no]';
    own.querySelectorAll(others).forEach((part) => part.remove());
    return own.textContent.replaceAll(shop || '\n', ' ').replace(/\s+/g, ' ');
  });
  const found = FOREIGN[way.lang].exec(text);
  const around = found && text.slice(Math.max(0, found.index - 40), found.index + 40);
  assert.equal(found, null, `${name} speaks another language than ${way.lang}: “${around}”`);
}

async function assertWidth(page, name) {
  const [needed, given] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(needed <= given, `${name} is ${needed} px wide on a screen of ${given} px`);
}

async function assertNarrow(page, name, way) {
  const { width, height } = way.options.viewport;
  await page.setViewportSize({ width: NARROWEST, height });
  await assertWidth(page, `${name} at ${NARROWEST} px`);
  await page.setViewportSize({ width, height });
}

async function assertTargets(page, name) {
  const small = await page.evaluate((least) => {
    const targets = [...document.querySelectorAll('button, .button, summary, select, .segments label')];
    const shown = targets.filter((target) => target.checkVisibility() && target.getClientRects().length);
    const low = shown.filter((target) => target.getBoundingClientRect().height < least - 0.5);
    return low.map((target) => `${target.outerHTML.slice(0, 90)}: ${target.getBoundingClientRect().height} px`);
  }, FINGER);
  assert.deepEqual(small, [], `${name} has targets lower than ${FINGER} px`);
}

/** The twin of each browser without scripts. */
const twins = new WeakMap();

/**
 * The same page where timers run, which stand still where scripts are off, and which axe waits for. None of the page's own
 * scripts runs there, and what stands in it for want of scripts is shown.
 */
async function onTwin(page, way, look) {
  const own = page.context();
  if (!twins.has(own)) twins.set(own, await makeTwin(own, way, page.url()));
  const twin = twins.get(own);
  await twin.context().addCookies(await own.cookies());
  const html = await page.content();
  await twin.setContent(html.replaceAll('<noscript>', '<div>').replaceAll('</noscript>', '</div>'));
  await look(twin);
}

async function makeTwin(own, way, url) {
  const context = await own.browser().newContext({ ...way.options, javaScriptEnabled: true });
  own.once('close', () => context.close());
  const twin = await context.newPage();
  await twin.route('**/*.js', (route) => route.abort());
  await twin.goto(new URL('/health', url).href);
  return twin;
}

/** All of a page as it looks; PNG takes its time for every pixel of a phone's screen, so each counts once unless wished. */
const photograph = (page, path) => page.screenshot({ path, fullPage: true, scale: process.env.ARDOISE_TEST_SCALE ?? 'css' });

/** Every rule in one colour scheme, and in the other those that ask for colours. */
const SCHEMES = [
  { colorScheme: 'light', run: { resultTypes: ['violations'] } },
  { colorScheme: 'dark', run: { resultTypes: ['violations'], runOnly: ['color-contrast', 'link-in-text-block'] } },
];

async function assertAccessible(page, name, path) {
  await page.evaluate(axe);
  for (const { colorScheme, run } of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    if (colorScheme === 'dark') await photograph(page, path.replace('.png', '-dark.png'));
    const { violations } = await page.evaluate((how) => window.axe.run(how), run);
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
    assert.deepEqual(told, [], `axe on ${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
