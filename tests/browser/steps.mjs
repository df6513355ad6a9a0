// What people do in more than one story.

import { strict as assert } from 'node:assert';
import { euros, say, typed } from './ways.mjs';

/** Olu, who operates, signs in by the one-time link. */
export async function signIn(stage, way) {
  const olu = await stage.person('Olu', way);
  await olu.visit(stage.open.operatorLink);
  await olu.press('form[action^="/sign-in/"] button', /^\/desk/);
  return olu;
}

/** Olu invites an author; answers the invitation's link. */
export async function invite(olu, name) {
  await olu.visit('/desk');
  await olu.page.fill('form[action="/desk/invitations"] input[name=name]', name);
  await olu.page.click('form[action="/desk/invitations"] button');
  return olu.page.inputValue('#fresh');
}

/** Ada, who sells, accepts an invitation. */
export async function arrive(stage, name, link, way) {
  const ada = await stage.person(name, way);
  await ada.visit(link);
  await ada.press('form[action^="/invite/"] button', /^\/sell/);
  return ada;
}

/** A shop with Olu and Ada in it, both signed in. */
export async function openShop(stage, way, settings) {
  await stage.shop(settings);
  const olu = await signIn(stage, way);
  const ada = await arrive(stage, 'Ada', await invite(olu, 'Ada'), way);
  return { olu, ada };
}

/** The same; answers Ada alone. */
export async function openWithAda(stage, way, settings) {
  return (await openShop(stage, way, settings)).ada;
}

/** The same with Ben, who took a work of Ada's for so many cents and stands where he settles. */
export async function owing(stage, way, cents, settings) {
  const { olu, ada } = await openShop(stage, way, settings);
  const title = say(way.lang, 'Trois chansons pour novembre', 'Three songs for November');
  const songs = await publishArticle(ada, { title, cents, text: article(way.lang) });
  const ben = await stage.person('Ben', way);
  await tap(ben, songs);
  await ben.visit('/tab/settle');
  await ben.sees(euros(way.lang, cents));
  return { olu, ada, ben, songs };
}

/** Somebody chooses a way to settle whose questions the shop asks itself. */
export async function chooseRail(ben, rail) {
  await ben.press(`form[action="/tab/settle/${rail}"] button`, /^\/tab\/charges\//);
}

/** Gives what the page of a charge asks for, and expects to come to a path. */
export async function give(ben, field, text, leadsTo) {
  await ben.page.fill(`#${field}`, text);
  await ben.press(`form:has(#${field}) button:not(.quiet)`, leadsTo);
}

/** The same, where it cannot be taken: the shop says so on a page of its own. */
export async function giveInVain(ben, field, text) {
  ben.refused = `${ben.page.url()}/return`;
  await give(ben, field, text, /\/return$/);
}

/** So much is paid, and nothing owed any more. */
export async function isPaid(ben, cents) {
  await ben.sees(euros(ben.way.lang, cents));
  await ben.look('paid');
  await owes(ben, 0);
}

/** Ben's tab says what he owes. */
export async function owes(ben, cents) {
  await ben.visit('/tab');
  await ben.sees(euros(ben.way.lang, cents), '.owed');
}

/** Fills the form of “Sell a work” with a title and a price. */
export async function fillWork(ada, { title, cents, text }) {
  await ada.visit('/sell');
  await ada.page.fill('#title', title);
  if (text) {
    await ada.page.click('details:has(#article) summary');
    await ada.page.fill('#article', text);
  }
  await ada.page.fill('#price', typed(ada.way.lang, cents));
}

/** Presses “Publish”; answers the slug and the work's id. */
export async function publish(ada) {
  await ada.press('button[name=publish][value=yes]', /^\/works\/[^/]+\/share/);
  const link = new URL(await ada.page.inputValue('#link'));
  const [, work] = /\/works\/([^/]+)\//.exec(ada.page.url());
  assert.equal(link.origin, ada.stage.open.url);
  return { path: link.pathname, slug: link.pathname.split('/').pop(), work };
}

export async function publishArticle(ada, draft) {
  await fillWork(ada, draft);
  return publish(ada);
}

/** Opens a work's page and taps its button. */
export async function tap(ben, { path }) {
  await ben.visit(path);
  await ben.press('form[action$="/buy"] button.loud', /^\/w\//);
}

/** An article that is long enough to have a preview and more. */
export function article(lang) {
  const sentences = {
    fr: [
      'À la station Corvisart, à 0 h 41, ils sont onze à courir.',
      'Le bus, lui, est déjà parti, trois minutes avant l’heure, comme chaque nuit depuis septembre.',
      'Nous avons suivi pendant un mois les relevés de quatre lignes, et la réponse n’est pas celle que donne la régie.',
    ],
    en: [
      'At Corvisart station, at 0:41, eleven of them are running.',
      'The bus has gone already, three minutes early, as it has every night since September.',
      'For a month we followed the logs of four lines, and the answer is not the one the company gives.',
    ],
  }[lang];
  const paragraph = sentences.join(' ');
  const heading = lang === 'fr' ? '## Trois minutes' : '## Three minutes';
  return [paragraph, paragraph, paragraph, heading, ...Array(8).fill(paragraph)].join('\n\n');
}
