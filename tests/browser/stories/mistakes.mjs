// What goes wrong is said plainly, and nothing is lost.

import { strict as assert } from 'node:assert';
import { article, fillWork, openWithAda, publish } from '../steps.mjs';
import { say, way } from '../ways.mjs';

async function wrongDoors(stage, look) {
  await stage.shop();
  const ben = await stage.person('Ben', look);
  const doors = [
    ['/nowhere', 404, 'problem-missing'],
    ['/l/nothing', 404, 'problem-link-unknown'],
    ['/gains', 401, 'problem-sign-in-needed'],
    ['/invite/spent', 410, 'problem-invitation-spent'],
    ['/sign-in/spent', 200, 'sign-in-spent'],
    ['/problems/tab.over_limit', 200, 'problem-explained'],
    ['/withdrawal', 200, 'withdrawal'],
    ['/library', 200, 'library-empty'],
    ['/tab/settle', 200, 'settle-nothing'],
  ];
  for (const [path, status, page] of doors) {
    await ben.visit(path, status);
    await ben.look(page);
  }
}

/** A price that is none: the form comes back with everything in it and says which field is wrong. */
async function wrongPrice(stage, look) {
  const ada = await openWithAda(stage, look);
  await fillWork(ada, { title: 'Night bus', cents: 20, text: article(look.lang) });
  await ada.page.fill('#price', '1,2,3');
  ada.refused = `${stage.open.url}/works`;
  await ada.page.click('button[name=publish][value=yes]');
  await ada.page.locator('#price[aria-invalid]').waitFor();
  assert.equal(await ada.page.inputValue('#title'), 'Night bus');
  assert.equal(await ada.page.inputValue('#article'), article(look.lang));
  await ada.look('sell-wrong-price');
  await ada.page.fill('#price', say(look.lang, '0,20', '0.20'));
  await publish(ada);
}

export default [
  { name: 'mistakes at doors in French', run: (stage) => wrongDoors(stage, way('fr', 'phone', true, true)) },
  { name: 'mistakes at doors in English', run: (stage) => wrongDoors(stage, way('en', 'desktop', true, true)) },
  { name: 'mistakes in a price in French', run: (stage) => wrongPrice(stage, way('fr', 'phone', true, true)) },
  { name: 'mistakes in a price without scripts', run: (stage) => wrongPrice(stage, way('en', 'desktop', false, true)) },
];
