// Measures what the shop may weigh, on the released program, and refuses what is over its budget.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Shop } from '../browser/shop.mjs';

const binary = resolve(process.env.ARDOISE_TEST_BINARY ?? 'target/release/ardoise');
const artefacts = resolve(process.env.ARDOISE_TEST_ARTEFACTS ?? 'artefacts');
/** Starts that are timed; the middle one counts. */
const STARTS = 5;

const squeezed = (bytes) => gzipSync(bytes, { level: 9 }).length;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds from starting the program on an empty folder until it answers. */
async function startOnce() {
  const start = process.hrtime.bigint();
  const shop = await Shop.open(binary);
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  await shop.close();
  return milliseconds;
}

async function start() {
  const times = [];
  for (let round = 0; round < STARTS; round += 1) times.push(await startOnce());
  return median(times);
}

/** Resident bytes of a process that has just served and has nothing to do. */
const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

/** Words that do not repeat as a sample's would, so that compression tells the truth. */
function prose(words) {
  let seed = 20261122;
  const letter = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return 'etaoinshrdlucmfwypvbgkjqxz'[Math.floor((seed / 2147483648) ** 2 * 26)];
  };
  const word = (index) => Array.from({ length: 2 + ((index * 7) % 8) }, letter).join('');
  const list = Array.from({ length: words }, (_, index) => word(index) + (index % 12 === 11 ? '.' : ''));
  return list.map((each, index) => (index % 90 === 89 ? `${each}\n\n` : each)).join(' ');
}

/** Sends a form as the pages do, and answers where it leads. */
async function send(shop, path, fields, cookie = '') {
  const headers = { cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin' };
  const answer = await fetch(shop.url + path, { method: 'POST', body: fields, headers, redirect: 'manual' });
  assert.equal(answer.status, 303, `${path} answered ${answer.status}: ${await answer.text()}`);
  const [session = cookie] = (answer.headers.get('set-cookie') ?? cookie).split(';');
  return { cookie: session, to: answer.headers.get('location') };
}

/** The page of an article of a thousand words, and the bytes of it and of its style. */
async function workPage(shop) {
  const said = await shop.command('invite', 'author', 'Ada', '--data', join(shop.folder, 'data'));
  const invitation = /\/invite\/\S+/.exec(said)[0];
  const { cookie } = await send(shop, invitation, new URLSearchParams({ name: 'Ada' }));
  const draft = new FormData();
  const fields = { title: 'Why the night bus comes too early', article: prose(1000), pricing: 'fixed', price: '0.20', publish: 'yes' };
  for (const [name, value] of Object.entries(fields)) draft.append(name, value);
  const { to } = await send(shop, '/works', draft, cookie);
  const share = await (await fetch(shop.url + to, { headers: { cookie, accept: 'text/html' } })).text();
  const [, path] = /value="http:\/\/localhost:\d+(\/l\/[^"]+)"/.exec(share);
  const html = await (await fetch(shop.url + path, { headers: { accept: 'text/html' } })).text();
  const styles = [...html.matchAll(/rel="stylesheet" href="([^"]+)"/g)].map(([, href]) => href);
  const css = await Promise.all(styles.map(async (href) => (await fetch(shop.url + href)).text()));
  return [html, ...css].reduce((sum, text) => sum + squeezed(text), 0);
}

const shop = await Shop.open(binary);
let results;
try {
  const script = await (await fetch(`${shop.url}/embed.js`)).text();
  const idle = resident(shop.process.pid);
  results = [
    ['release binary', statSync(binary).size, 20_000_000, 'bytes'],
    ['work page, HTML and CSS, gzip -9', await workPage(shop), 13_000, 'bytes'],
    ['embed.js, as served', Buffer.byteLength(script), 5_000, 'bytes'],
    ['resident memory, idle', idle, 30_000_000, 'bytes'],
    ['start on an empty folder', await start(), 100, 'milliseconds'],
  ];
} finally {
  await shop.close();
}

let over = 0;
for (const [what, measured, most, unit] of results) {
  const fits = measured <= most;
  over += !fits;
  console.log(`${fits ? 'ok    ' : 'OVER  '}  ${what}: ${Math.round(measured)} of ${most} ${unit}`);
}
mkdirSync(artefacts, { recursive: true });
const version = execFileSync(binary, ['--version']).toString().trim();
writeFileSync(join(artefacts, 'budgets.json'), JSON.stringify({ version, results }, null, 2));
console.log(`${results.length} budgets, ${over} exceeded`);
process.exit(over ? 1 : 0);
