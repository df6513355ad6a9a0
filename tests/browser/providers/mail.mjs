// A server that takes mail on loopback, in the clear, as the shop sends it to one on its own machine; and a page for each letter, where
// it is read as in a mail program.

import { createServer } from 'node:net';
import { plain } from '../person.mjs';
import { until } from '../shop.mjs';
import { Provider, nothing } from './provider.mjs';

export class PostOffice extends Provider {
  letters = [];

  static async open() {
    const office = await super.open();
    office.post = createServer((socket) => office.#take(socket));
    await new Promise((resolve) => office.post.listen(0, '127.0.0.1', resolve));
    return office;
  }

  settings() {
    return { ARDOISE_MAIL_SERVER: `smtp://127.0.0.1:${this.post.address().port}`, ARDOISE_MAIL_FROM: 'shop@shop.example' };
  }

  answer(method, path) {
    const letter = this.letters[path.split('/')[2]];
    return letter ? { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: letter.html } : nothing(204);
  }

  /** Letters to `address`, in the order in which they came. */
  to(address) {
    return this.letters.filter((letter) => letter.to === address);
  }

  /** The letter to `address` whose subject has these words, once it is there. */
  async letter(address, words) {
    const find = () => this.to(address).find(({ subject }) => subject.includes(words));
    await until(find, `a letter “${words}” to ${address}`);
    return find();
  }

  #take(socket) {
    let [text, to, isLetter] = ['', '', false];
    const say = (words) => socket.write(`${words}\r\n`);
    const next = () => {
      const end = isLetter ? '\r\n.\r\n' : '\r\n';
      const [taken, ...rest] = text.split(end);
      if (!rest.length) return undefined;
      text = rest.join(end);
      return taken;
    };
    const obey = (line) => {
      if (/^RCPT/i.test(line)) [, to] = /<(.*)>/.exec(line);
      isLetter = /^DATA/i.test(line);
      say(isLetter ? '354 go on' : '250 so be it');
    };
    const keep = (letter) => {
      isLetter = false;
      const url = `${this.url}/letters/${this.letters.length}`;
      this.letters.push({ to, url, ...read(letter.replaceAll('\r\n..', '\r\n.')) });
      say('250 it is here');
    };
    say('220 mail.test');
    socket.on('error', () => {}).setEncoding('latin1').on('data', (piece) => {
      text += piece;
      for (let taken = next(); taken !== undefined; taken = next()) (isLetter ? keep : obey)(taken);
    });
  }

  async close() {
    await super.close();
    await new Promise((resolve) => this.post.close(resolve));
  }
}

/** A letter as a mail program shows it: its subject, its headers, and its parts by their kind. */
function read(text) {
  const [headers, body] = divide(text);
  const [, boundary] = /boundary="([^"]+)"/.exec(headers['content-type']);
  const parts = body.split(`--${boundary}`).slice(1, -1).map((part) => divide(part.replace(/^\r\n/, '')));
  const of = (kind) => decoded(parts.find(([about]) => about['content-type'].startsWith(kind)));
  const html = of('text/html');
  return {
    headers, html, subject: plain(words(headers.subject)), text: of('text/plain'),
    link: (purpose) => new RegExp(`https?://[^"<>]+/mail/${purpose}/[^"<>]+`).exec(html)[0],
  };
}

function divide(text) {
  const [head, ...rest] = text.split('\r\n\r\n');
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = lines.map((line) => /^([^:]+): *(.*)$/.exec(line)).map(([, name, value]) => [name.toLowerCase(), value]);
  return [Object.fromEntries(headers), rest.join('\r\n\r\n')];
}

function decoded([{ 'content-transfer-encoding': how }, body]) {
  if (how === 'base64') return Buffer.from(body, 'base64').toString();
  const bytes = how === 'quoted-printable' ? unquoted(body.replace(/=\r\n/g, '')) : body;
  return Buffer.from(bytes, 'latin1').toString();
}

const unquoted = (text) => text.replace(/=([\dA-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

/** Words of a header that are no ASCII (RFC 2047). */
function words(text) {
  const bytes = (kind, coded) => (/b/i.test(kind) ? Buffer.from(coded, 'base64') : Buffer.from(unquoted(coded), 'latin1'));
  const joined = text.replace(/\?= +=\?/g, '?==?');
  return joined.replace(/=\?utf-8\?(.)\?(.*?)\?=/gi, (_, kind, coded) => bytes(kind, coded).toString());
}
