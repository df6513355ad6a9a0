// The whole slice: Olu invites Ada, Ada sells, Ben takes, undoes, takes again and settles, Ada sees it arrive.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../shop.mjs';
import { arrive, article, fillWork, invite, publish, publishArticle, signIn, tap } from '../steps.mjs';
import { WAYS, euros, say } from '../ways.mjs';

/** Prices in cents. The last one goes beyond what a device alone may owe (€2.00). */
const [BUS, ATLAS, SONGS] = [20, 150, 50];

async function oluInvitesAda(stage, way) {
  const door = await stage.person('Olu at the door', way);
  await door.visit(stage.open.operatorLink);
  await door.look('sign-in');
  const olu = await signIn(stage, way);
  await olu.look('desk-new');
  const link = await invite(olu, 'Ada');
  await olu.look('desk-invited');
  const guest = await stage.person('Ada at the door', way);
  await guest.visit(link);
  await guest.look('invite');
  return { olu, ada: await arrive(stage, 'Ada', link, way) };
}

async function adaPublishesAnArticle(ada, lang) {
  await ada.look('sell');
  const title = say(lang, 'Pourquoi le bus de nuit passe trop tôt', 'Why the night bus comes too early');
  await fillWork(ada, { title, cents: BUS, text: article(lang) });
  await ada.look('sell-filled');
  const bus = await publish(ada);
  await ada.look('share');
  assert.match(await ada.page.inputValue('#snippet-link'), /embed\.js/);
  for (const kind of ['svg', 'png']) {
    const code = await ada.context.request.get(`${ada.stage.open.url}${bus.path}/qr.${kind}`);
    assert.equal(code.status(), 200, `the QR code as ${kind}`);
  }
  const networks = await ada.page.locator('.intents a').evaluateAll((links) => links.map((link) => link.href));
  assert.ok(networks.length >= 7, `share links: ${networks}`);
  return { ...bus, title };
}

/** Two files: by the resumable protocol with scripts, as a plain form without. */
async function adaPublishesFiles(ada, lang) {
  const folder = ada.stage.open.folder;
  const [chart, notes] = [join(folder, 'atlas.bin'), join(folder, 'notes.txt')];
  await writeFile(chart, Buffer.alloc(3_000_000, 'tide'));
  await writeFile(notes, 'Brest, 22.11., 6:12 PM\n');
  const title = say(lang, 'Atlas des marées', 'Atlas of the tides');
  await fillWork(ada, { title, cents: ATLAS });
  await ada.page.setInputFiles('#files', [chart, notes]);
  if (ada.way.js) {
    const sent = ada.page.locator('.uploads input[name=upload]');
    await until(async () => (await sent.count()) === 2, 'both files are sent');
    const bars = ada.page.locator('.uploads progress');
    assert.deepEqual(await bars.evaluateAll((all) => all.map((bar) => bar.value / bar.max)), [1, 1]);
    await ada.look('sell-uploaded');
  }
  return { ...await publish(ada), title, chart };
}

async function benReads(ben, bus, lang) {
  await ben.visit(bus.path);
  await ben.sees(say(lang, 'Payer ', 'Pay ') + euros(lang, BUS));
  await ben.look('work-article');
  await ben.press('form[action$="/buy"] button.loud', /^\/w\//);
  await ben.sees(bus.title);
  await ben.look('content-article');
  await ben.visit(bus.path);
  await ben.look('work-owned');
  await ben.press('.buy a.button.loud', /^\/w\//);
}

async function benUndoesAndTakesItAgain(ben, bus, lang) {
  await ben.visit('/tab');
  await ben.sees(euros(lang, BUS), '.owed');
  await ben.look('tab-one-line');
  await ben.press('form[action$="/undo"] button', /^\/tab/);
  await ben.sees(euros(lang, 0), '.owed');
  await ben.look('tab-undone');
  await ben.visit(`/w/${bus.work}`, 403);
  await ben.look('problem-access-denied');
  await tap(ben, bus);
}

async function benTakesFiles(ben, atlas) {
  await ben.visit(atlas.path);
  await ben.look('work-files');
  await tap(ben, atlas);
  await ben.look('content-files');
  const [download] = await Promise.all([
    ben.page.waitForEvent('download'),
    ben.page.locator('.files a', { hasText: 'atlas.bin' }).click(),
  ]);
  const [got, sent] = await Promise.all([readFile(await download.path()), readFile(atlas.chart)]);
  assert.ok(got.equals(sent), 'the downloaded file is the one that was sent');
}

async function benReachesTheLimitAndSettles(ben, songs, lang) {
  await ben.visit(songs.path);
  const owed = euros(lang, BUS + ATLAS);
  await ben.sees(say(lang, `Régler votre ardoise (${owed}) pour continuer`, `Settle your tab (${owed}) to go on`));
  await ben.look('work-tab-full');
  await ben.press('.buy a.button.loud', /^\/tab\/settle/);
  await ben.sees(owed);
  await ben.look('settle');
  await ben.press('form[action="/tab/settle/sandbox"] button', /^\/tab\/settled\//);
  await ben.sees(owed);
  await ben.look('settled');
  await tap(ben, songs);
  await ben.visit('/tab');
  await ben.sees(euros(lang, SONGS), '.owed');
  await ben.look('tab-after-settling');
}

/** Every receipt is downloaded and checked by the program, with the shop's own published key. */
async function benKeepsReceipts(ben, title) {
  await ben.visit('/library');
  await ben.sees(title);
  await ben.look('library');
  const shop = ben.stage.open;
  const links = await ben.page.locator('a[href^="/receipts"]').evaluateAll((all) => all.map((link) => link.href));
  for (const [index, link] of links.entries()) {
    const answer = await ben.context.request.get(link);
    assert.equal(answer.status(), 200, link);
    const file = join(shop.folder, `receipt-${index}.json`);
    await writeFile(file, await answer.body());
    await shop.command('verify', file, '--key', await publishedKey(shop));
  }
}

async function publishedKey(shop) {
  const file = join(shop.folder, 'key.json');
  await writeFile(file, Buffer.from(await (await fetch(`${shop.url}/.well-known/ardoise`)).arrayBuffer()));
  return file;
}

/** Ada's gains stand open while Ben takes; with scripts they move by themselves. */
async function adaSeesGains(ada, before) {
  const today = () => ada.text('[data-gain="today"]');
  if (!ada.way.js) await ada.page.reload();
  await until(async () => (await today()) !== before, 'the gains of today move');
}

async function adaTakesTheAtlasOffSale(ada, ben, atlas, lang) {
  await ada.visit('/works');
  await ada.sees(atlas.title);
  await ada.look('works');
  await ada.visit(`/works/${atlas.work}`);
  await ada.look('manage');
  await ada.press('form[action$="/unpublish"] button', /^\/works\//);
  await ada.sees(say(lang, 'Retiré de la vente', 'No longer on sale'), 'body');
  await ada.look('manage-unpublished');
  const cleo = await ada.stage.person('Cleo', ben.way);
  await cleo.visit(atlas.path);
  await cleo.look('work-unpublished');
  assert.equal(await cleo.page.locator('form[action$="/buy"]').count(), 0);
  await ben.visit(`/w/${atlas.work}`);
  await ben.sees('atlas.bin');
}

async function oluLooksAfterTheShop(olu) {
  await olu.visit('/desk');
  await olu.press('form[action="/desk/books"] button', /^\/desk/);
  await olu.look('desk');
  assert.equal(await olu.page.locator('.books.bad').count(), 0, 'the books balance');
}

const tell = (way) => async (stage) => {
  const { lang } = way;
  await stage.shop();
  const { olu, ada } = await oluInvitesAda(stage, way);
  const bus = await adaPublishesAnArticle(ada, lang);
  const atlas = await adaPublishesFiles(ada, lang);
  const songs = await publishArticle(ada, {
    title: say(lang, 'Trois chansons pour novembre', 'Three songs for November'), cents: SONGS, text: article(lang),
  });
  await ada.visit('/gains');
  await ada.look('gains-new');
  const nothing = await ada.text('[data-gain="today"]');

  const ben = await stage.person('Ben', way);
  await ben.visit('/');
  await ben.look('front');
  await ben.visit('/tab');
  await ben.look('tab-clean');
  await benReads(ben, bus, lang);
  await adaSeesGains(ada, nothing);
  await benUndoesAndTakesItAgain(ben, bus, lang);
  await benTakesFiles(ben, atlas);
  await benReachesTheLimitAndSettles(ben, songs, lang);
  await benKeepsReceipts(ben, bus.title);

  await ada.visit('/gains');
  await ada.look('gains');
  await adaTakesTheAtlasOffSale(ada, ben, atlas, lang);
  await oluLooksAfterTheShop(olu);
};

export default WAYS.map((way) => ({ name: `journey ${way.name}`, run: tell(way) }));
