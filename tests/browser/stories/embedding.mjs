// A card of the shop on somebody else's page: by script, by frame, and by asking (oEmbed).

import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import { article, openWithAda, publishArticle } from '../steps.mjs';
import { way } from '../ways.mjs';

/** A page on another origin that holds `html`. */
async function elsewhere(html) {
  const page = `<!doctype html><html lang="en"><title>Elsewhere</title><body><h1>Elsewhere</h1>${html}</body></html>`;
  const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html; charset=utf-8').end(page));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

async function cards(stage) {
  const look = way('en', 'desktop', true);
  const ada = await openWithAda(stage, look);
  const bus = await publishArticle(ada, { title: 'Night bus', cents: 20, text: article('en') });
  const [card, frame] = [await ada.page.inputValue('#snippet-link'), await ada.page.inputValue('#snippet-frame')];
  const { server, url } = await elsewhere(card + frame);
  try {
    await assertCardsShow(stage, bus, look, url);
  } finally {
    server.close();
  }
}

async function assertCardsShow(stage, bus, look, url) {
  const ben = await stage.person('Ben', look);
  await ben.visit(url);
  const frames = ben.page.locator('iframe');
  await frames.nth(1).waitFor();
  assert.equal(await frames.count(), 2);
  for (const index of [0, 1]) {
    const inside = frames.nth(index).contentFrame();
    await inside.locator('h1', { hasText: 'Night bus' }).waitFor();
    const fits = await inside.locator('html').evaluate((root) => root.scrollHeight <= root.clientHeight);
    assert.ok(fits, `card ${index} fits its frame`);
  }
  await ben.page.screenshot({ path: stage.picture('cards', look) });
  const [opened] = await Promise.all([
    ben.context.waitForEvent('page'),
    frames.first().contentFrame().locator('a').click(),
  ]);
  await opened.waitForURL(new RegExp(bus.path));
  // The foreign page itself is the one stranger here.
  ben.strangers = ben.strangers.filter((stranger) => !stranger.startsWith(url));
}

async function asked(stage) {
  const ada = await openWithAda(stage, way('fr', 'phone', true));
  const bus = await publishArticle(ada, { title: 'Bus de nuit', cents: 20, text: article('fr') });
  const ben = await stage.person('Ben', way('fr', 'phone', true));
  await ben.visit(bus.path);
  const link = ben.page.locator('link[type="application/json+oembed"]');
  const card = await (await fetch(await link.getAttribute('href'))).json();
  assert.equal(card.type, 'rich');
  assert.equal(card.title, 'Bus de nuit');
  const [, source] = /src="([^"]+)"/.exec(card.html);
  await ben.visit(source);
  await ben.look('card');
}

export default [
  { name: 'embedding a card by script and by frame', run: cards },
  { name: 'embedding by asking for the card', run: asked },
];
