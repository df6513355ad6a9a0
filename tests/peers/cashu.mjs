// Nutshell, the reference mint of Cashu, whose bitcoin is made up; and its wallet, on the command line.

import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, until } from '../browser/shop.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const programs = join(here, '.venv-cashu/bin');
/** How long it may take to answer: seconds on a quiet machine. */
const OPENING_MILLISECONDS = 120_000;

export class Mint {
  static async open() {
    const folder = await mkdtemp(join(tmpdir(), 'ardoise-mint-'));
    const mint = new Mint(folder, await freePort());
    await mint.start();
    return mint;
  }

  constructor(folder, port) {
    Object.assign(this, { folder, port, url: `http://127.0.0.1:${port}`, log: '' });
  }

  async start() {
    const { PATH } = process.env;
    this.process = spawn(join(programs, 'mint'), [], {
      cwd: this.folder,
      env: {
        PATH, HOME: this.folder, TOR: 'false', MINT_BACKEND_BOLT11_SAT: 'FakeWallet', MINT_PRIVATE_KEY: 'a mint for stories',
        MINT_LISTEN_HOST: '127.0.0.1', MINT_LISTEN_PORT: String(this.port), MINT_DATABASE: join(this.folder, 'mint'),
      },
    });
    for (const pipe of [this.process.stdout, this.process.stderr]) pipe.on('data', (bytes) => { this.log += bytes; });
    const answers = async () => {
      if (this.process.exitCode !== null) throw new Error(`the mint ended: ${this.log.slice(-2_000)}`);
      return (await fetch(`${this.url}/v1/keysets`, { signal: AbortSignal.timeout(5_000) })).ok;
    };
    await until(answers, 'the mint answers', OPENING_MILLISECONDS);
  }

  /** It is gone from one moment to the next; what it has written down is still there when it starts again. */
  async stop() {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null && this.process.kill('SIGKILL')) await gone;
  }

  /** A wallet that knows this mint, with so many satoshis. */
  async wallet(name, sats = 0) {
    const folder = join(this.folder, name);
    await mkdir(folder);
    const wallet = new Wallet(folder, this.url);
    if (sats) await wallet.run('invoice', String(sats));
    return wallet;
  }

  async close() {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

class Wallet {
  constructor(folder, mint) {
    Object.assign(this, { folder, mint });
  }

  /** Runs a command of the wallet; answers what it printed. */
  async run(...words) {
    const { PATH } = process.env;
    const env = { PATH, HOME: this.folder, CASHU_DIR: this.folder, MINT_URL: this.mint, TOR: 'false' };
    const { stdout, stderr } = await promisify(execFile)(join(programs, 'cashu'), ['-y', ...words], { env, cwd: this.folder });
    return stdout + stderr;
  }

  /** A token of so many satoshis, in the form of today or the older one. */
  async send(sats, ...how) {
    const said = await this.run('send', ...how, String(sats));
    return /cashu[AB][\w=-]+/.exec(said)[0];
  }

  /** Redeems a token; answers what the wallet said. It ends well either way. */
  receive(token) {
    return this.run('receive', token).catch((error) => String(error.stdout) + error.stderr);
  }

  /** How many satoshis it has. */
  async balance() {
    return Number(/Balance: ([\d,]+) sat/.exec(await this.run('balance'))[1].replaceAll(',', ''));
  }
}
