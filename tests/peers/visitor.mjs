// Somebody who uses the shop without a browser: follows links, fills in forms, keeps cookies.

import { strict as assert } from 'node:assert';

export class Visitor {
  constructor(url) {
    Object.assign(this, { url, cookies: new Map() });
  }

  async #send(path, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', 'accept-language': 'en', cookie, ...options.headers };
    const answer = await fetch(new URL(path, this.url), { redirect: 'manual', ...options, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.cookies.set(name, value);
    }
    const text = await answer.text();
    return { status: answer.status, text, location: answer.headers.get('location') };
  }

  get(path) {
    return this.#send(path);
  }

  post(path, fields = {}) {
    return this.#send(path, { method: 'POST', body: new URLSearchParams(fields) });
  }

  /** Fills in and sends the form on a page whose action is `action`, with everything that it holds hidden. */
  async fill(page, action, fields = {}) {
    const { status, text } = await this.get(page);
    assert.equal(status, 200, text);
    const form = text.split('<form').find((form) => form.includes(`action="${action}"`));
    assert.ok(form, `a form to ${action} on ${page}`);
    const hidden = [...form.split('</form>')[0].matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    return this.post(action, { ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])), ...fields });
  }
}

/** What is shown once after a form was sent: a link, a key. */
function fresh({ text }) {
  return /id="fresh"[^>]*value="([^"]+)"/.exec(text)[1];
}

/** Ada sells an article for `amount`; answers the path of its link. */
export async function article(shop, amount) {
  const olu = new Visitor(shop.url);
  await olu.post(shop.operatorLink);
  const ada = new Visitor(shop.url);
  await ada.post(fresh(await olu.post('/desk/invitations', { name: 'Ada' })), { name: 'Ada' });
  const key = fresh(await ada.post('/keys', { name: 'a story' }));
  const work = {
    title: 'Night bus', article: 'It was late.', publish: true,
    price: { kind: 'fixed', amount: { amount, currency: 'EUR' } },
  };
  const answer = await fetch(`${shop.url}/api/v1/works`, {
    method: 'POST', body: JSON.stringify(work),
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  });
  const made = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(made));
  return new URL(made.url).pathname;
}
