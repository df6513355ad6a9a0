// The picture of the README: a work's page, a reader's tab and an author's gains, on a phone, in the made-up shop.
//
//   cargo build --release && npm ci --prefix tests/browser && node tests/pictures/slate.mjs
//
// It takes the program from ARDOISE_TEST_BINARY and Chromium from CHROMIUM.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { chromium } = createRequire(join(root, 'tests/browser/package.json'))('playwright-core');
const binary = process.env.ARDOISE_TEST_BINARY ?? join(root, 'target/release/ardoise');
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, locale: 'en-GB' };

/** Starts the made-up shop; answers the process and its greeting, once it is open. */
async function demo(folder) {
  const words = ['demo', '--data', join(folder, 'demo-data'), '--listen', '127.0.0.1:0'];
  const shop = spawn(binary, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let greeting = '';
  for await (const bytes of shop.stdout) {
    greeting += bytes;
    if (greeting.includes('To stop:')) break;
  }
  return { shop, greeting };
}

async function press(page, selector) {
  await Promise.all([page.waitForNavigation(), page.click(selector)]);
}

/** Ben looks at a work, then at his tab with a few lines on it. */
async function ben(browser, url) {
  const page = await (await browser.newContext(phone)).newPage();
  await page.goto(`${url}/`);
  const works = await page.locator('a[href^="/l/"]').evaluateAll((all) => all.map((link) => link.href));
  for (const work of works.slice(1, 6)) {
    await page.goto(work);
    const button = page.locator('form[action$="/buy"] button.loud').first();
    if (await button.count()) await press(page, 'form[action$="/buy"] button.loud');
  }
  await page.goto(works[0]);
  const work = await page.screenshot();
  await page.goto(`${url}/tab`);
  return [work, await page.screenshot()];
}

/** The author sees what was earned, a moment after readers came. */
async function author(browser, url, invitation) {
  const page = await (await browser.newContext(phone)).newPage();
  await page.goto(invitation);
  await press(page, 'form[action^="/invite/"] button');
  await page.goto(`${url}/gains?period=30`);
  const today = () => document.querySelector('[data-gain="today"]').textContent;
  const before = await page.evaluate(today);
  await page.waitForFunction((before) => document.querySelector('[data-gain="today"]').textContent !== before, before,
    { timeout: 120_000 });
  return page.screenshot();
}

const folder = await mkdtemp(join(tmpdir(), 'ardoise-picture-'));
const { shop, greeting } = await demo(folder);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const url = /http:\/\/localhost:\d+/.exec(greeting)[0];
  const shots = [...await ben(browser, url), await author(browser, url, /http\S+\/invite\/\S+/.exec(greeting)[0])];
  const page = await browser.newPage({ viewport: { width: 1290, height: 900 } });
  const images = shots.map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`);
  await page.setContent(`<style>body{margin:28px;display:flex;gap:32px;background:#cfd4d2}
    img{width:390px;border-radius:22px;box-shadow:0 6px 24px #1c222655}</style>${images.join('')}`);
  await page.screenshot({ path: join(root, 'docs/pictures/slate.png') });
} finally {
  await browser.close();
  shop.kill();
  await rm(folder, { recursive: true, force: true });
}
