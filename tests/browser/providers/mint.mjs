// A Cashu mint, as far as a reader meets it: it signs blindly, and takes each piece once (NUT-00 to NUT-03, NUT-07, NUT-09, NUT-12).

import { createHash } from 'node:crypto';
import { Point } from '@noble/secp256k1';
import { Provider, json } from './provider.mjs';

/** Thousandths of a satoshi that it keeps of each piece. */
const FEE = 100;
/** Amounts that it signs: powers of two below this one. */
const POWERS = 12;
/** The order of the curve. */
const ORDER = Point.CURVE().n;

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
const scalar = (bytes) => BigInt(`0x${bytes.toString('hex')}`) % ORDER;

export class Mint extends Provider {
  spent = new Set();
  signed = new Map();
  issued = 0;

  constructor() {
    super();
    const amounts = Array.from({ length: POWERS }, (_, power) => 2 ** power);
    this.keys = new Map(amounts.map((amount) => [amount, scalar(sha256(`a key for ${amount}`))]));
    this.public = Object.fromEntries(amounts.map((amount) => [amount, Point.BASE.multiply(this.keys.get(amount)).toHex()]));
    const named = amounts.map((amount) => `${amount}:${this.public[amount]}`).join(',');
    this.id = `01${sha256(`${named}|unit:sat|input_fee_ppk:${FEE}`).toString('hex')}`;
  }

  settings() {
    return { ARDOISE_RAILS_TO_PRIVATE: 'true', ARDOISE_ECASH_MINTS: this.url, ARDOISE_ECASH_RATE: '50000' };
  }

  /** A token that a wallet holds: pieces that this mint signed. */
  token(sats) {
    const amounts = [...this.keys.keys()].filter((amount) => sats & amount);
    const proofs = amounts.map((amount) => {
      this.issued += 1;
      const secret = sha256(`a wallet's secret ${this.issued}`).toString('hex');
      return { amount, id: this.id, secret, C: this.#sign(amount, toCurve(secret)).toHex() };
    });
    return written({ token: [{ mint: this.url, proofs }], unit: 'sat' });
  }

  /** Somebody spends a token elsewhere. */
  spend(token) {
    for (const { secret } of piecesOf(token)) this.spent.add(secret);
  }

  /** What a token is worth that could be spent now. */
  worth(token) {
    const good = piecesOf(token).filter((piece) => this.#isGood(piece) && !this.spent.has(piece.secret));
    return good.reduce((sum, { amount }) => sum + amount, 0);
  }

  answer(method, path, said) {
    const nuts = { 7: { supported: true }, 9: { supported: true }, 12: { supported: true } };
    const about = { id: this.id, unit: 'sat' };
    switch (path) {
      case '/v1/info': return json({ name: 'a mint', version: 'made up', nuts });
      case '/v1/keysets': return json({ keysets: [{ ...about, active: true, input_fee_ppk: FEE }] });
      case `/v1/keys/${this.id}`: return json({ keysets: [{ ...about, keys: this.public }] });
      case '/v1/swap': return this.#swap(said);
      case '/v1/restore': return this.#restore(said);
      case '/v1/checkstate': return this.#states(said);
      default: return undefined;
    }
  }

  #sign(amount, blinded) {
    return blinded.multiply(this.keys.get(amount));
  }

  #isGood({ amount, id, secret, C }) {
    return id === this.id && this.keys.has(amount) && this.#sign(amount, toCurve(secret)).toHex() === C;
  }

  #swap({ inputs, outputs }) {
    const sum = (pieces) => pieces.reduce((all, { amount }) => all + amount, 0);
    if (!inputs.every((piece) => this.#isGood(piece))) return refused(10001, 'proofs could not be verified');
    if (inputs.some(({ secret }) => this.spent.has(secret))) return refused(11001, 'Token already spent.');
    if (sum(inputs) !== sum(outputs) + Math.ceil((FEE * inputs.length) / 1000)) return refused(11005, 'not balanced');
    for (const { secret } of inputs) this.spent.add(secret);
    return json({ signatures: outputs.map((output) => this.#signOutput(output)) });
  }

  #signOutput({ amount, id, B_ }) {
    const blinded = Point.fromHex(B_);
    const signed = this.#sign(amount, blinded);
    const signature = { amount, id, C_: signed.toHex(), dleq: this.#proof(amount, blinded, signed) };
    this.signed.set(B_, signature);
    return signature;
  }

  /** That the key was used which is published (NUT-12). */
  #proof(amount, blinded, signed) {
    const key = this.keys.get(amount);
    const nonce = scalar(sha256(`${key}`, blinded.toBytes()));
    const points = [Point.BASE.multiply(nonce), blinded.multiply(nonce), Point.BASE.multiply(key), signed];
    const e = sha256(points.map((point) => point.toHex(false)).join(''));
    const s = (nonce + scalar(e) * key) % ORDER;
    return { e: e.toString('hex'), s: s.toString(16).padStart(64, '0') };
  }

  #restore({ outputs }) {
    const known = outputs.filter(({ B_ }) => this.signed.has(B_));
    return json({ outputs: known, signatures: known.map(({ B_ }) => this.signed.get(B_)) });
  }

  #states({ Ys }) {
    const spent = new Set([...this.spent].map((secret) => toCurve(secret).toHex()));
    return json({ states: Ys.map((Y) => ({ Y, state: spent.has(Y) ? 'SPENT' : 'UNSPENT', witness: null })) });
  }
}

function refused(code, detail) {
  return json({ detail, code }, 400);
}

function toCurve(secret) {
  const hash = sha256('Secp256k1_HashToCurve_Cashu_', secret);
  for (let counter = 0; ; counter += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(counter);
    try {
      return Point.fromHex(`02${sha256(hash, number).toString('hex')}`);
    } catch { /* Not every number is the place of a point: the next one is tried. */ }
  }
}

const written = (token) => `cashuA${Buffer.from(JSON.stringify(token)).toString('base64url')}`;

/** The pieces of a token as this mint's wallets write them. */
function piecesOf(token) {
  return JSON.parse(Buffer.from(token.slice('cashuA'.length), 'base64url')).token.flatMap(({ proofs }) => proofs);
}
