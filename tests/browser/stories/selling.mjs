// What Ada can sell, and how Ben sees it: pictures, sound, several files, any price; and how it changes later.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { picture, sound } from '../made.mjs';
import { until } from '../shop.mjs';
import { article, fillWork, openWithAda, publish, publishArticle, tap } from '../steps.mjs';
import { euros, say, typed, way } from '../ways.mjs';

/** Fields that stand between Ada and a link that she can share, and seconds that she may need. */
const FIELDS_MOST = 3;
const SECONDS_MOST = 60;

/** Writes files into the shop's folder; answers their paths. */
async function files(stage, named) {
  const paths = [];
  for (const [name, bytes] of Object.entries(named)) {
    paths.push(join(stage.open.folder, name));
    await writeFile(paths.at(-1), bytes);
  }
  return paths;
}

/** Chooses files in the form; with scripts, waits until they are sent. */
async function choose(ada, paths) {
  await ada.page.setInputFiles('#files', paths);
  if (!ada.way.js) return;
  const sent = ada.page.locator('.uploads input[name=upload]');
  await until(async () => (await sent.count()) === paths.length, 'the files are sent');
}

async function sell(ada, draft, named) {
  await fillWork(ada, draft);
  await choose(ada, await files(ada.stage, named));
  return publish(ada);
}

/** What Ben downloads with the link of this name. */
async function download(ben, name) {
  const [download] = await Promise.all([
    ben.page.waitForEvent('download'),
    ben.page.locator('.files a', { hasText: name }).click(),
  ]);
  return readFile(await download.path());
}

/** From an empty form to a link by the keyboard alone: no mouse, nothing dragged, three fields. */
async function byKeyboard(stage, look) {
  const ada = await openWithAda(stage, look);
  const [story] = await files(stage, { 'story.txt': 'Once upon a time.' });
  await ada.visit('/sell');
  const began = Date.now();
  let filled = 0;
  const reach = async (selector) => {
    for (let tabs = 0; !(await ada.page.locator(`${selector}:focus`).count()); tabs += 1) {
      assert.ok(tabs < 40, `${selector} is reached by Tab`);
      await ada.page.keyboard.press('Tab');
    }
  };
  await reach('#title');
  await ada.page.keyboard.type('Story');
  filled += 1;
  await reach('#files');
  // Listened for long before the key: the browser asks us for the file only once it knows that somebody listens.
  const choosing = ada.page.waitForEvent('filechooser');
  await ada.look('sell-files-focused');
  await ada.page.keyboard.press('Enter');
  await (await choosing).setFiles(story);
  filled += 1;
  await reach('#price');
  await ada.page.keyboard.press('ControlOrMeta+a');
  await ada.page.keyboard.type(typed(look.lang, 30));
  filled += 1;
  await reach('button[name=publish][value=yes]');
  await Promise.all([ada.page.waitForURL(/\/share/), ada.page.keyboard.press('Enter')]);
  const link = await ada.page.inputValue('#link');
  assert.match(link, /\/l\/[a-z0-9]+$/);
  assert.ok(filled <= FIELDS_MOST && Date.now() - began <= SECONDS_MOST * 1000, 'a link in a minute');
  const ben = await stage.person('Ben', look);
  await tap(ben, { path: new URL(link).pathname });
  assert.equal(String(await download(ben, 'story.txt')), 'Once upon a time.');
}

/** Ben chooses his price among three, or types his own; a gift costs nothing. */
async function anyPrice(stage, look) {
  const { lang } = look;
  const ada = await openWithAda(stage, look);
  await fillWork(ada, { title: say(lang, 'Chanson', 'Song'), cents: 20, text: article(lang) });
  await ada.page.locator('label[for=pricing-choose]').click();
  await ada.page.fill('#minimum', typed(lang, 50));
  await ada.page.fill('#suggestion', typed(lang, 20));
  ada.refused = `${stage.open.url}/works`;
  await ada.page.click('button[name=publish][value=yes]');
  await ada.page.locator('#suggestion[aria-invalid]').waitFor();
  await ada.look('sell-suggestion-too-low');
  await ada.page.fill('#minimum', typed(lang, 10));
  await ada.page.fill('#suggestion', typed(lang, 50));
  const song = await publish(ada);

  const ben = await stage.person('Ben', look);
  await ben.visit(song.path);
  for (const cents of [10, 50, 100]) await ben.sees(say(lang, 'Payer ', 'Pay ') + euros(lang, cents));
  await ben.look('work-choose');
  await ben.page.fill('#amount', typed(lang, 70));
  await ben.press('.own-amount button', /^\/w\//);
  await ben.visit('/tab');
  await ben.sees(euros(lang, 70), '.owed');

  await fillWork(ada, { title: say(lang, 'Poème', 'Poem'), cents: 20, text: article(lang) });
  await ada.page.locator('label[for=pricing-free]').click();
  const poem = await publish(ada);
  await ben.visit(poem.path);
  await ben.look('work-free');
  await ben.press('form[action$="/buy"] button.loud', /^\/w\//);
  await ben.look('content-free');
  await ben.visit('/tab');
  await ben.sees(euros(lang, 70), '.owed');
  await ben.sees(say(lang, 'offert', 'free'));
}

/** Half a minute of a song is heard before the tap, all of it after; the player can go anywhere in it. */
async function songs(stage, look) {
  const { lang } = look;
  const ada = await openWithAda(stage, look);
  const title = say(lang, 'Chanson de novembre', 'Song of November');
  const song = await sell(ada, { title, cents: 40 }, { 'song.wav': sound(95) });
  const ben = await stage.person('Ben', look);
  await ben.visit(song.path);
  await ben.sees('1:35');
  await ben.sees(say(lang, '30 premières secondes', 'first 30 seconds'));
  await ben.look('work-audio');
  if (look.js) assert.equal(Math.round(await duration(ben)), 30);
  await tap(ben, song);
  await ben.look('content-audio');
  if (!look.js) return;
  assert.equal(Math.round(await duration(ben)), 95);
  const reached = await ben.page.locator('audio').evaluate((audio) => new Promise((done) => {
    audio.addEventListener('seeked', () => done(audio.currentTime), { once: true });
    audio.currentTime = 80;
  }));
  assert.equal(reached, 80);
}

function duration(ben) {
  return ben.page.locator('audio').evaluate((audio) => new Promise((done, failed) => {
    audio.addEventListener('loadedmetadata', () => done(audio.duration));
    audio.addEventListener('error', () => failed(new Error(`the sound does not load: ${audio.error?.message}`)));
    audio.preload = 'metadata';
    audio.load();
  }));
}

/** Pictures show on the front, before the tap and after; several files come as one archive. */
async function album(stage, look) {
  const { lang } = look;
  const ada = await openWithAda(stage, look);
  const [cover] = await files(stage, { 'cover.png': picture(900, 600, 3) });
  const title = say(lang, 'Trois planches des marées', 'Three plates of the tides');
  await fillWork(ada, { title, cents: 90 });
  await choose(ada, await files(stage, {
    'planche-1.png': picture(1400, 900, 0), 'planche-2.png': picture(900, 1400, 1), 'notes.txt': 'Brest, 22.11.\n',
  }));
  await ada.page.click('details:has(#cover) summary');
  await ada.page.fill('#description', say(lang, 'Gravées à **Brest**, en novembre.', 'Engraved in **Brest**, in November.'));
  await ada.page.setInputFiles('#cover', cover);
  await ada.page.selectOption('#vat_class', 'reduced');
  await ada.look('sell-everything');
  const plates = await publish(ada);
  await publishArticle(ada, { title: say(lang, 'Bus de nuit', 'Night bus'), cents: 20, text: article(lang) });

  const ben = await stage.person('Ben', look);
  await ben.visit('/');
  await ben.page.locator('img.cover').first().evaluate((image) => image.decode());
  await ben.look('front-cover');
  await ben.visit(plates.path);
  await ben.page.locator('img.picture').evaluate((image) => image.decode());
  await ben.look('work-picture');
  await tap(ben, plates);
  const shown = ben.page.locator('img.picture');
  for (const image of await shown.all()) await image.evaluate((each) => each.decode());
  assert.equal(await shown.count(), 2);
  await ben.look('content-pictures');
  const names = entries(await download(ben, 'ZIP'));
  assert.deepEqual(names, ['planche-1.png', 'planche-2.png', 'notes.txt']);
}

/** The names in the central directory of a ZIP archive. */
function entries(zip) {
  const names = [];
  for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 4)) {
    names.push(zip.subarray(at + 46, at + 46 + zip.readUInt16LE(at + 28)).toString());
  }
  return names;
}

/** Ada replaces a file, removes another, takes the cover away, makes a link for a channel; Ben has what is there now. */
async function changes(stage, look) {
  const { lang } = look;
  const ada = await openWithAda(stage, look);
  const title = say(lang, 'Carnet', 'Notebook');
  const notes = await sell(ada, { title, cents: 20 }, { 'notes.txt': 'first', 'scrap.txt': 'scrap' });
  const ben = await stage.person('Ben', look);
  await tap(ben, notes);
  assert.equal(String(await download(ben, 'notes.txt')), 'first');

  await ada.visit(`/works/${notes.work}`);
  const [second] = await files(stage, { 'notes-2.txt': 'second' });
  const row = (name) => ada.page.locator('.rows > li', { hasText: name });
  await row('notes.txt').locator('summary').click();
  await ada.look('manage-replace');
  await row('notes.txt').locator('input[name=file]').setInputFiles(second);
  await ada.press(row('notes.txt').locator('.replace button'), /\?saved/);
  await ada.press(row('scrap.txt').locator('form[action$="/remove"] button'), /\?saved/);
  await ada.look('manage-saved');
  await ada.page.fill('#channel', 'poster-2');
  await ada.page.click('form[action$="/links"] button');
  const poster = ada.page.locator('.rows > li', { hasText: 'poster-2' });
  await poster.waitFor();
  await ada.look('manage-links');

  await ben.visit(`/w/${notes.work}`);
  await ben.missesOut('scrap.txt');
  assert.equal(String(await download(ben, 'notes-2.txt')), 'second');
  const cleo = await stage.person('Cleo', look);
  await tap(cleo, { path: new URL(await poster.locator('code').innerText()).pathname });
  await ada.page.reload();
  assert.match((await poster.innerText()).replace(/\s+/g, ' '), say(lang, /1 visite.*1 gardé/, /1 visit.*1 kept/));
}

/** A draft is Ada's alone until she publishes it. */
async function drafts(stage, look) {
  const { lang } = look;
  const ada = await openWithAda(stage, look);
  await ada.visit('/works');
  await ada.look('works-empty');
  await fillWork(ada, { title: say(lang, 'Bus de nuit', 'Night bus'), cents: 20, text: article(lang) });
  await ada.press('button[name=publish][value=no]', /^\/works\/[^/]+\?saved/);
  await ada.look('manage-draft');
  const path = await ada.page.locator('a[href^="/l/"]').getAttribute('href');
  await ada.visit(path);
  await ada.look('work-draft');
  const ben = await stage.person('Ben', look);
  await ben.visit(path, 404);
  await ada.visit('/works');
  await ada.look('works-draft');
  await ada.press('.rows h2 a', /^\/works\//);
  await ada.press('form[action$="/publish"] button', /\?published/);
  await ada.look('manage-published');
  await tap(ben, { path });
}

const [phone, desktop] = [way('fr', 'phone', true, true), way('en', 'desktop', false, true)];

export default [
  { name: 'selling by keyboard in three fields', run: (stage) => byKeyboard(stage, way('en', 'desktop', true, true)) },
  { name: 'selling at any price in French', run: (stage) => anyPrice(stage, phone) },
  { name: 'selling at any price without scripts', run: (stage) => anyPrice(stage, desktop) },
  { name: 'selling songs in French', run: (stage) => songs(stage, phone) },
  { name: 'selling songs without scripts', run: (stage) => songs(stage, desktop) },
  { name: 'selling an album in French', run: (stage) => album(stage, phone) },
  { name: 'selling an album without scripts', run: (stage) => album(stage, desktop) },
  { name: 'selling changes in French', run: (stage) => changes(stage, phone) },
  { name: 'selling changes without scripts', run: (stage) => changes(stage, desktop) },
  { name: 'selling drafts in French', run: (stage) => drafts(stage, phone) },
  { name: 'selling drafts without scripts', run: (stage) => drafts(stage, desktop) },
];
