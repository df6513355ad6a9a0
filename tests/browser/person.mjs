// Somebody with a browser of their own: visits, presses, and looks closely at every page.

import { strict as assert } from 'node:assert';
import { inspect } from './inspect.mjs';

export class Person {
  static async enter(stage, name, way) {
    const context = await stage.browser.newContext(way.options);
    context.setDefaultTimeout(10_000);
    const person = new Person(stage, name, way, context);
    person.page = await context.newPage();
    person.#listen();
    return person;
  }

  constructor(stage, name, way, context) {
    Object.assign(this, { stage, name, way, context, complaints: [], strangers: [], requests: [] });
  }

  #listen() {
    const complain = (words) => this.complaints.push(`${words} (at ${this.page.url()})`);
    this.context.on('console', (message) => {
      const refused = /status of 4\d\d/.test(message.text()) && message.location().url === this.refused;
      if (['error', 'warning'].includes(message.type()) && !refused) complain(message.text());
    });
    this.context.on('weberror', (error) => complain(error.error().message));
    this.context.on('request', (request) => {
      this.requests.push(request);
      const { origin, protocol } = new URL(request.url());
      if (protocol !== 'data:' && !this.stage.knows(origin)) this.strangers.push(request.url());
    });
  }

  /** Opens a path of the shop and expects a status. */
  async visit(path, status = 200) {
    const url = path.startsWith('http') ? path : this.stage.open.url + path;
    this.refused = status >= 400 ? url : undefined;
    const answer = await this.page.goto(url);
    assert.equal(answer.status(), status, `the status of ${path}`);
    return answer;
  }

  /** Presses what `selector` finds, which leads to another page, and expects that page's path to match. */
  async press(selector, leadsTo) {
    const target = typeof selector === 'string' ? this.page.locator(selector) : selector;
    await Promise.all([this.page.waitForURL((url) => leadsTo.test(url.pathname + url.search)), target.click()]);
    await this.page.waitForLoadState('load');
  }

  /** The text of the page, or of a part of it, with plain spaces. */
  async text(selector = 'main') {
    return plain(await this.page.locator(selector).first().innerText());
  }

  async sees(words, selector = 'main') {
    const text = await this.text(selector);
    assert.ok(text.includes(words), `“${words}” is not on ${this.page.url()}:\n${text}`);
  }

  async missesOut(words, selector = 'main') {
    const text = await this.text(selector);
    assert.ok(!text.includes(words), `“${words}” is on ${this.page.url()}`);
  }

  /** Looks closely at the page as it is: layout, words, accessibility; keeps a picture. */
  async look(page) {
    this.stage.looks += 1;
    const path = this.stage.picture(page, this.way);
    await inspect(this.page, { name: page, way: this.way, path });
  }
}

/** No-break spaces made plain, so that stories can be written with a keyboard. */
export function plain(text) {
  return text.replace(/[\s\u00a0\u202f]+/g, ' ').trim();
}
