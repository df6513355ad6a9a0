// What one story plays on: a shop, and people who look at it, each in a browser of their own.

import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { Person } from './person.mjs';
import { Shop } from './shop.mjs';

export class Stage {
  constructor({ browser, binary, artefacts, story }) {
    Object.assign(this, { browser, binary, artefacts, story, people: [], providers: [], looks: 0 });
  }

  /** Opens the shop of this story. */
  async shop(settings) {
    this.open = await Shop.open(this.binary, settings);
    return this.open;
  }

  /** Opens a provider by which tabs are settled; readers may be sent to its pages. */
  async provider(Kind) {
    const provider = await Kind.open();
    this.providers.push(provider);
    return provider;
  }

  /** Whether a page of this origin belongs to the story. */
  knows(origin) {
    return origin === this.open.url || this.providers.some(({ url }) => url === origin);
  }

  /** Somebody who never was here before; `way` is how they look at the shop (see `ways.mjs`). */
  async person(name, way) {
    const person = await Person.enter(this, name, way);
    this.people.push(person);
    return person;
  }

  /** Where a picture of a page goes: story-page-language-viewport.png. */
  picture(page, way) {
    const story = this.story.split(' ')[0];
    const script = way.js ? '' : '-nojs';
    return join(this.artefacts, `${story}-${page}-${way.lang}-${way.viewport}${script}.png`);
  }

  /** No page complained on the console, and nobody was sent to another site. */
  assertNothingWentWrong() {
    for (const person of this.people) {
      assert.deepEqual(person.complaints, [], `${person.name}'s console has complaints`);
      assert.deepEqual(person.strangers, [], `${person.name}'s browser asked other sites`);
    }
  }

  async photographEverybody() {
    for (const { name, page } of this.people) {
      const file = `failed-${this.story}-${name}.png`.replace(/[^\w.-]+/g, '-');
      await page.screenshot({ path: join(this.artefacts, file), fullPage: true });
      console.log(`        ${name} was at ${page.url()}`);
    }
  }

  async close() {
    await Promise.all(this.people.map((person) => person.context.close()));
    if (this.open) await this.open.close();
    await Promise.all(this.providers.map((provider) => provider.close()));
  }
}
