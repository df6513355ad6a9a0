// A real shop: the program under test, on a free port, with a data folder that nobody used before.

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** How long a shop may take to say that it is open. It takes a tenth of a second; a busy machine may need more. */
const OPENING_MILLISECONDS = 20_000;

export class Shop {
  /** Starts the program and waits until it answers and has let the operator in. */
  static async open(binary, settings = {}, host = 'localhost') {
    const folder = await mkdtemp(join(tmpdir(), 'ardoise-browser-'));
    const port = await freePort();
    const shop = new Shop(binary, folder, `http://${host}:${port}`);
    const line = ['serve', '--data', join(folder, 'data'), '--listen', `127.0.0.1:${port}`, '--url', shop.url];
    shop.settings = { ...settings };
    shop.start = () => spawn(binary, line, { cwd: folder, env: environment(shop.settings) });
    shop.process = shop.start();
    await shop.#greeting();
    return shop;
  }

  /** Kills the program without a warning and starts it again on the same data, with what is changed in its settings. */
  async killAndReopen(changed = {}) {
    Object.assign(this.settings, changed);
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await gone;
    this.process = this.start();
    this.process.stderr.on('data', (bytes) => { this.log += bytes; });
    this.process.stdout.resume();
    await until(async () => (await fetch(`${this.url}/health`)).ok, 'the shop answers again');
  }

  constructor(binary, folder, url) {
    Object.assign(this, { binary, folder, url, log: '' });
  }

  /** Waits for the operator's one-time link on the standard output, then for /health. */
  async #greeting() {
    const said = new Promise((resolve, reject) => {
      let text = '';
      this.process.stdout.on('data', (bytes) => {
        text += bytes;
        const link = /http:\/\/[^/\s]+\/sign-in\/\S+/.exec(text);
        if (link) resolve(link[0]);
      });
      this.process.stderr.on('data', (bytes) => { this.log += bytes; });
      this.process.on('error', reject);
      this.process.on('exit', (code) => reject(new Error(`the shop ended with ${code}: ${this.log}`)));
      setTimeout(() => reject(new Error(`the shop did not open: ${this.log}`)), OPENING_MILLISECONDS).unref();
    });
    this.operatorLink = await said;
    await until(async () => (await fetch(`${this.url}/health`)).ok, 'the shop answers /health');
  }

  /** Runs another command of the program on this shop's data; answers what it printed. */
  async command(...words) {
    const options = { cwd: this.folder, env: environment({}) };
    const { stdout, stderr } = await promisify(execFile)(this.binary, words, options);
    return stdout + stderr;
  }

  /** Asks the shop to end, waits until it has, and takes its folder away. */
  async close() {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null && this.process.kill('SIGKILL')) await gone;
    await rm(this.folder, { recursive: true, force: true });
  }
}

function environment(settings) {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, ARDOISE_SHOP_NAME: 'La Fabrique', ARDOISE_RAIL_SANDBOX: 'on', ...settings };
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Asks again and again until `claim` holds; refuses after ten seconds, or after as many as it is told. */
export async function until(claim, words, milliseconds = 10_000) {
  const end = Date.now() + milliseconds;
  let last;
  while (Date.now() < end) {
    try {
      if (await claim()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never came true: ${words}${last ? ` (${last.message})` : ''}`);
}
