// Ada makes a key for her programs and an address that is told of sales, and ends both.

import { strict as assert } from 'node:assert';
import { openWithAda } from '../steps.mjs';
import { say, way } from '../ways.mjs';

/** A form was posted to another address and its answer is the page of keys. */
async function send(ada, field, value) {
  await ada.page.fill(`#${field}`, value);
  await Promise.all([ada.page.waitForEvent('load'), ada.page.click(`form:has(#${field}) button`)]);
}

async function keysAndWebhooks(stage, look) {
  const ada = await openWithAda(stage, look);
  await ada.visit('/keys');
  await ada.look('none');
  await send(ada, 'name', say(look.lang, 'Comptes', 'Books'));
  const key = await ada.page.inputValue('#fresh');
  assert.match(key, /^ardoise_key_[0-9a-z]{13}\.[\w-]{43}$/);
  await ada.look('made');
  const works = await fetch(`${stage.open.url}/api/v1/works`, { headers: { authorization: `Bearer ${key}` } });
  assert.deepEqual(await works.json(), { items: [], next: null });
  ada.refused = `${stage.open.url}/webhooks`;
  await send(ada, 'url', 'https://127.0.0.1/heard');
  await ada.page.locator('#url[aria-invalid]').waitFor();
  assert.equal(await ada.page.inputValue('#url'), 'https://127.0.0.1/heard');
  await ada.look('wrong-address');
  await send(ada, 'url', 'https://ada.example/heard');
  assert.match(await ada.page.inputValue('#fresh'), /^whsec_/);
  // The language switch of an answer leads back to the page, not to where the form was posted.
  assert.equal(await ada.page.inputValue('form[action="/language"] input[name=back]'), '/keys');
  await ada.visit('/keys');
  assert.equal(await ada.page.locator('#fresh').count(), 0);
  await ada.look('kept');
  await ada.press('form[action^="/webhooks/"] button', /^\/keys/);
  await ada.press('form[action^="/keys/"] button', /^\/keys/);
  const refused = await fetch(`${stage.open.url}/api/v1/works`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(refused.status, 401);
}

export default [
  way('fr', 'phone', true, true),
  way('en', 'desktop', false, true),
].map((look) => ({ name: `keys ${look.name}`, run: (stage) => keysAndWebhooks(stage, look) }));
