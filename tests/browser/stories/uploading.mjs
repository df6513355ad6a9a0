// Files on their way in, sent by somebody else's client of the protocol and by the page itself: interrupted, resumed, refused.

import { strict as assert } from 'node:assert';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Upload } from 'tus-js-client';
import { until } from '../shop.mjs';
import { fillWork, openWithAda, publish, tap } from '../steps.mjs';
import { say, way } from '../ways.mjs';

const MIB = 1024 * 1024;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The session of somebody's browser, for programs of theirs. */
async function cookie(person) {
  const cookies = await person.context.cookies(person.stage.open.url);
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

/** Sends `bytes` with tus-js-client; `on(sent, upload)` is called as they are acknowledged. Answers the upload's address. */
function send(ada, bytes, session, options, on = () => {}) {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: `${ada.stage.open.url}/uploads`,
      headers: { cookie: session },
      metadata: { filename: 'tides.bin', filetype: 'application/octet-stream' },
      chunkSize: 2 * MIB,
      retryDelays: [50, 200, 500, 1000, 2000],
      onError: reject,
      onSuccess: () => resolve(upload.url),
      onChunkComplete: (_, accepted) => on(accepted, upload, resolve),
      ...options,
    });
    upload.start();
  });
}

/** Publishes what was sent, and answers whether Ben gets exactly that. */
async function benGets(ada, url, bytes) {
  const [id, shop] = [url.split('/').pop(), ada.stage.open];
  const form = { title: 'Tides', pricing: 'free', upload: id, publish: 'yes' };
  const headers = { accept: 'application/json', 'sec-fetch-site': 'same-origin' };
  const answer = await ada.context.request.post(`${shop.url}/works`, { multipart: form, headers });
  assert.equal(answer.status(), 201, await answer.text());
  const ben = await ada.stage.person('Ben', ada.way);
  await tap(ben, { path: new URL((await answer.json()).url).pathname });
  const [download] = await Promise.all([
    ben.page.waitForEvent('download'), ben.page.locator('.files a', { hasText: 'tides.bin' }).click(),
  ]);
  assert.equal(sha256(await readFile(await download.path())), sha256(bytes), 'what was sent is what was bought');
}

/** The client stops half-way; another one goes on at the same address, where the first was acknowledged last. */
async function resumed(stage) {
  const ada = await openWithAda(stage, way('en', 'desktop', true));
  const [bytes, session] = [randomBytes(9 * MIB + 1), await cookie(ada)];
  const half = await send(ada, bytes, session, {}, (accepted, upload, stop) => {
    if (accepted >= 4 * MIB) upload.abort().then(() => stop(upload.url));
  });
  const asked = await fetch(half, { method: 'HEAD', headers: { cookie: session, 'tus-resumable': '1.0.0' } });
  const there = Number(asked.headers.get('upload-offset'));
  assert.ok(there >= 4 * MIB && there < bytes.length, `${there} bytes are there`);
  const first = [];
  const url = await send(ada, bytes, session, { uploadUrl: half }, (accepted) => first.push(accepted));
  assert.equal(url, half);
  assert.ok(first[0] > there, 'nothing was sent again');
  await benGets(ada, url, bytes);
}

/** The shop is killed in the middle and opens again: the client goes on by itself. */
async function killed(stage) {
  const ada = await openWithAda(stage, way('en', 'desktop', true));
  const [bytes, session] = [randomBytes(12 * MIB), await cookie(ada)];
  let again;
  const url = await send(ada, bytes, session, {}, (accepted) => {
    if (accepted >= 4 * MIB) again ??= stage.open.killAndReopen();
  });
  await again;
  await benGets(ada, url, bytes);
}

/** In the page, a connection that breaks and one that is slow cost nothing but time. */
async function inThePage(stage) {
  const ada = await openWithAda(stage, way('fr', 'phone', true, true));
  const [bytes, path] = [randomBytes(20 * MIB), join(stage.open.folder, 'tides.bin')];
  await writeFile(path, bytes);
  await fillWork(ada, { title: 'Marées', cents: 20 });
  let [pieces, release] = [0];
  const looked = new Promise((resolve) => { release = resolve; });
  await ada.page.route('**/uploads/*', async (route) => {
    const piece = route.request().method() === 'PATCH';
    pieces += Number(piece);
    if (piece && pieces === 2) return route.abort('connectionreset');
    if (piece && pieces > 2) await looked;
    return route.continue();
  });
  await ada.page.setInputFiles('#files', path);
  // Published before all of it is there: the form waits for it.
  await ada.page.click('button[name=publish][value=yes]');
  await ada.page.locator('[aria-busy=true]').waitFor();
  await ada.look('sell-sending');
  release();
  await ada.page.waitForURL(/\/share/);
  const work = { path: new URL(await ada.page.inputValue('#link')).pathname };
  ada.complaints = ada.complaints.filter((words) => !words.includes('ERR_CONNECTION_RESET'));
  assert.ok(pieces >= 4, `${pieces} pieces: three, and one again`);
  const ben = await stage.person('Ben', way('fr', 'phone', true));
  await tap(ben, work);
  const [download] = await Promise.all([
    ben.page.waitForEvent('download'), ben.page.locator('.files a', { hasText: 'tides.bin' }).click(),
  ]);
  assert.equal(sha256(await readFile(await download.path())), sha256(bytes));
}

/** A file that the shop does not take says why, holds the form back, and goes away again. */
async function refused(stage, look) {
  const { lang } = look;
  const ada = await openWithAda(stage, look, { ARDOISE_UPLOAD_MAX_BYTES: '1000000' });
  const [small, large] = [join(stage.open.folder, 'small.txt'), join(stage.open.folder, 'large.bin')];
  await writeFile(small, 'small');
  await writeFile(large, Buffer.alloc(1_000_001));
  await fillWork(ada, { title: 'Mixed', cents: 20 });
  ada.refused = `${stage.open.url}/uploads`;
  await ada.page.setInputFiles('#files', [small, large]);
  const row = (name) => ada.page.locator('.uploads li', { hasText: name });
  await row('large.bin').and(ada.page.locator('.failed')).waitFor();
  await row('small.txt').locator('input[name=upload]').waitFor({ state: 'attached' });
  await ada.sees(say(lang, 'Un fichier peut peser 1 Mo au plus dans cette boutique.', 'A file may have 1 MB at most in this shop.'));
  await ada.look('sell-too-large');
  await ada.page.click('button[name=publish][value=yes]');
  await row('large.bin').locator('button:focus').waitFor();
  await ada.page.keyboard.press('Enter');
  await until(async () => (await row('large.bin').count()) === 0, 'the row is gone');
  const mixed = await publish(ada);
  const ben = await stage.person('Ben', look);
  await ben.visit(mixed.path);
  await ben.sees('small.txt');
  await ben.missesOut('large.bin');
}

export default [
  { name: 'uploading with another client is resumed where it stopped', run: resumed },
  { name: 'uploading with another client outlives a shop that was killed', run: killed },
  { name: 'uploading in the page outlives a broken connection', run: inThePage },
  { name: 'uploading a file that is too large in French', run: (stage) => refused(stage, way('fr', 'phone', true, true)) },
  { name: 'uploading a file that is too large in English', run: (stage) => refused(stage, way('en', 'desktop', true, true)) },
];
