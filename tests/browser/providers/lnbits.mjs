// A Lightning wallet that speaks the API of LNbits, as far as a reader meets it: an invoice that somebody pays.

import { createHash } from 'node:crypto';
import { Provider, json } from './provider.mjs';

const DIGITS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

export class Lnbits extends Provider {
  kept = [];

  settings() {
    return {
      ARDOISE_RAILS_TO_PRIVATE: 'true', ARDOISE_LIGHTNING_BASE: this.url, ARDOISE_LIGHTNING_INVOICE_KEY: 'hush',
      ARDOISE_LIGHTNING_RATE: '50000',
    };
  }

  /** The reader's wallet pays everything that was asked for. */
  pay() {
    for (const payment of this.kept) payment.paid = true;
  }

  answer(method, path, said, query) {
    if (path === '/api/v1/wallet') return json({ name: 'shop', balance: 0 });
    if (path === '/api/v1/payments' && method === 'POST') return json(this.#make(said), 201);
    if (path === '/api/v1/payments') {
      return json(this.kept.filter(({ external_id }) => external_id === query.get('external_id')));
    }
    const payment = this.kept.find(({ payment_hash }) => path.endsWith(payment_hash));
    return payment && json({ paid: payment.paid, details: payment });
  }

  #make({ amount, expiry, extra, external_id }) {
    const hash = createHash('sha256').update(String(this.kept.length)).digest();
    const payment = {
      payment_hash: hash.toString('hex'), bolt11: invoice(amount, hash, expiry), amount: amount * 1000, extra, external_id,
      paid: false,
    };
    this.kept.push(payment);
    return payment;
  }
}

/** An invoice (BOLT 11), with a signature of noughts. */
function invoice(sats, hash, seconds) {
  const name = `lnbc${sats}0n`;
  const digits = [
    ...number(Math.floor(Date.now() / 1000), 7), 6, 0, 3, ...number(seconds, 3), 1, 1, 20, ...ofBytes(hash),
    ...Array(104).fill(0),
  ];
  return `${name}1${[...digits, ...checksum(name, digits)].map((digit) => DIGITS[digit]).join('')}`;
}

function number(value, length) {
  return Array.from({ length }, (_, at) => Math.floor(value / 32 ** (length - 1 - at)) % 32);
}

function ofBytes(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{1,5}/g).map((five) => parseInt(five.padEnd(5, '0'), 2));
}

/** BIP 173. */
function checksum(name, digits) {
  const codes = [...name].map((sign) => sign.charCodeAt(0));
  const values = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...digits, 0, 0, 0, 0, 0, 0];
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((part, bit) => { if ((top >> bit) & 1) sum ^= part; });
  }
  sum ^= 1;
  return Array.from({ length: 6 }, (_, at) => (sum >>> (5 * (5 - at))) & 31);
}
