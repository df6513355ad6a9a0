// What providers that are made up for the browser have in common: a server on loopback, forms and JSON, pages with buttons.
// What the shop says to real ones is held against their own descriptions elsewhere (crates/ardoise/tests/it).

import { createServer } from 'node:http';

export class Provider {
  /** Opens one. Each kind has `answer(method, path, said, query, headers)`: a reply, or nothing for what it does not know. */
  static async open() {
    const provider = new this();
    provider.server = createServer((request, response) => provider.#serve(request, response));
    await new Promise((resolve) => provider.server.listen(0, '127.0.0.1', resolve));
    provider.url = `http://127.0.0.1:${provider.server.address().port}`;
    return provider;
  }

  async #serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const isJson = /json/.test(request.headers['content-type'] ?? '');
    const said = isJson ? JSON.parse(text || '{}') : Object.fromEntries(new URLSearchParams(text));
    const { pathname, searchParams } = new URL(request.url, this.url);
    const reply = this.answer(request.method, pathname, said, searchParams, request.headers) ?? json({ error: 'unknown' }, 404);
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

export function json(value, status = 200) {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** An answer without a body. */
export function nothing(status) {
  return { status, headers: {}, body: '' };
}

export function redirect(location) {
  return { status: 303, headers: { location }, body: '' };
}

/** A page on which the reader agrees or turns back. */
export function agreement(name, action, amount) {
  const body = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${name}</title>
<main><h1>${name}</h1><p>${amount}</p>
<form method="post" action="${action}"><button name="does" value="pay">Pay</button>
<button name="does" value="leave">Leave</button></form></main></html>`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}
