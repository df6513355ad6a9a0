// LNbits, with a wallet that makes its bitcoin up: a shop's wallet, and a reader's with money in it.

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '../browser/shop.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
/** How long it may take to answer: half a minute on a quiet machine, a hundred seconds have been seen. */
const OPENING_MILLISECONDS = 240_000;
/** What the reader has. */
const READER_SATS = 100_000;

export class Lnbits {
  static async open() {
    const folder = await mkdtemp(join(tmpdir(), 'ardoise-lnbits-'));
    const port = await freePort();
    const lnbits = new Lnbits(folder, `http://127.0.0.1:${port}`);
    await lnbits.#start(port);
    await lnbits.#settle();
    return lnbits;
  }

  constructor(folder, url) {
    Object.assign(this, { folder, url, log: '' });
  }

  async #start(port) {
    const environment = join(here, '.venv');
    const [python] = await readdir(join(environment, 'lib'));
    const { PATH, HOME } = process.env;
    this.process = spawn(join(environment, 'bin/lnbits'), ['--host', '127.0.0.1', '--port', String(port)], {
      // It looks for its own files from there.
      cwd: join(environment, 'lib', python, 'site-packages'),
      env: {
        PATH, HOME, LNBITS_BACKEND_WALLET_CLASS: 'FakeWallet', LNBITS_ADMIN_UI: 'true',
        LNBITS_EXTENSIONS_DEACTIVATE_ALL: 'true', AUTH_HTTPS_ONLY: 'false', LNBITS_DATA_FOLDER: this.folder,
        // It asks nobody outside this machine.
        LNBITS_EXTENSIONS_MANIFESTS: '[]', LNBITS_WASM_EXTENSIONS_MANIFESTS: '[]',
        LNBITS_PRICE_AGGREGATOR_ENABLED: 'false', LNBITS_EXCHANGE_RATE_PROVIDERS: '[]',
      },
    });
    for (const pipe of [this.process.stdout, this.process.stderr]) pipe.on('data', (bytes) => { this.log += bytes; });
    const answers = async () => {
      if (this.process.exitCode !== null) throw new Error(`LNbits ended: ${this.log.slice(-2_000)}`);
      return (await fetch(`${this.url}/api/v1/health`, { signal: AbortSignal.timeout(5_000) })).status < 500;
    };
    await until(answers, 'LNbits answers', OPENING_MILLISECONDS);
  }

  /** The first start of an instance, and two wallets. */
  async #settle() {
    const who = { username: 'olu', password: 'a secret of Olu', password_repeat: 'a secret of Olu' };
    await this.#ask('PUT', '/api/v1/auth/first_install', who);
    const { access_token: token } = await this.#ask('POST', '/api/v1/auth', who);
    const asOlu = { authorization: `Bearer ${token}` };
    this.shop = await this.#ask('POST', '/api/v1/wallet', { name: 'shop' }, asOlu);
    this.reader = await this.#ask('POST', '/api/v1/wallet', { name: 'reader' }, asOlu);
    await this.#ask('PUT', '/users/api/v1/balance', { id: this.reader.id, amount: READER_SATS }, asOlu);
    this.asOlu = asOlu;
  }

  /** Lets it call shops on this machine, which its own rules do not. */
  mayCall() {
    const rules = { lnbits_callback_url_rules: [], lnbits_callback_allow_private_ips: true };
    return this.#ask('PATCH', '/admin/api/v1/settings', rules, this.asOlu);
  }

  /** The reader pays an invoice. */
  pay(invoice) {
    return this.#ask('POST', '/api/v1/payments', { out: true, bolt11: invoice }, { 'x-api-key': this.reader.adminkey });
  }

  /** What came to the shop's wallet or is to come, the last first. */
  payments() {
    return this.#ask('GET', '/api/v1/payments', undefined, { 'x-api-key': this.shop.inkey });
  }

  /** How many satoshis the shop has. */
  async balance() {
    const wallet = await this.#ask('GET', '/api/v1/wallet', undefined, { 'x-api-key': this.shop.inkey });
    return wallet.balance / 1_000;
  }

  async #ask(method, path, body, headers = {}) {
    const options = { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
    const answer = await fetch(this.url + path, options);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  async close() {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null && this.process.kill('SIGKILL')) await gone;
    await rm(this.folder, { recursive: true, force: true });
  }
}
