// Ben settles a tab in e-cash, from the wallet of Nutshell and at its mint.

import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { Shop, until } from '../../browser/shop.mjs';
import { Mint } from '../cashu.mjs';
import { Visitor, article } from '../visitor.mjs';

/** €0.20 at the rate below. */
const SATS = 400;
/** Longer than a mint that failed is left alone (half a minute). */
const REST_MILLISECONDS = 60_000;

function settings({ url }) {
  return {
    ARDOISE_RAILS_TO_PRIVATE: 'true', ARDOISE_ECASH_MINTS: url, ARDOISE_ECASH_RATE: '50000', ARDOISE_ECASH_IS_FAKE: 'true',
  };
}

/** Somebody takes the article and begins to settle; answers who, the address of the charge and the request on its page. */
async function begin(shop, path) {
  const ben = new Visitor(shop.url);
  const bought = await ben.fill(path, `${path}/buy`);
  assert.equal(bought.status, 303, bought.text);
  const begun = await ben.fill('/tab/settle', '/tab/settle/ecash');
  assert.match(begun.location, /^\/tab\/charges\//, begun.text);
  const { text } = await ben.get(begun.location);
  const [, request] = /id="code"[^>]*value="(creqA[^"]+)"/.exec(text) ?? [];
  assert.ok(request, text);
  return { ben, charge: begun.location, request };
}

const paste = (ben, charge, token) => ben.fill(charge, `${charge}/return`, { token });

const settled = (charge) => charge.replace('charges', 'settled');

async function owesNothing(ben) {
  assert.match((await ben.get('/tab')).text, /class="owed"[^€]*€0\.00/);
}

/** Both forms of tokens pay, what is wrong does not, and the same one pays once. */
async function pasted({ shop, path, wallet }) {
  for (const how of [[], ['--legacy'], ['--dleq']]) {
    const { ben, charge } = await begin(shop, path);
    const short = await paste(ben, charge, await wallet.send(SATS - 1, ...how));
    assert.equal(short.status, 422, short.text);
    assert.match(short.text, /worth 399 sat, and 400 sat are needed/);
    const token = await wallet.send(SATS, ...how);
    const half = await paste(ben, charge, token.slice(0, token.length / 2));
    assert.match(half.text, /not a whole token/);
    assert.equal((await paste(ben, charge, token)).location, settled(charge));
    await owesNothing(ben);
    const second = await begin(shop, path);
    const spent = await paste(second.ben, second.charge, token);
    const { text } = await second.ben.get(spent.location);
    assert.match(text, /was spent before.*Nothing was charged/);
  }
}

/** What is too much comes back, and Ben's wallet redeems it. */
async function changed({ shop, path, wallet }) {
  const { ben, charge } = await begin(shop, path);
  const paid = await paste(ben, charge, await wallet.send(1_000));
  const { text } = await ben.get(paid.location);
  const [, token] = /id="change"[^>]*>(cashuB[^<]+)</.exec(text) ?? [];
  assert.ok(token, text);
  const before = await wallet.balance();
  await wallet.receive(token);
  const back = await wallet.balance() - before;
  assert.ok(back > 590 && back < 600, `${back} sat came back`);
}

/** The wallet understands the request, and posts what it asks for. */
async function posted({ shop, path, wallet }) {
  const { ben, charge, request } = await begin(shop, path);
  const said = await wallet.run('pay', request);
  assert.match(said, /Amount: 400 sat/);
  assert.match(said, /Done \(Status: 200\)/, said);
  assert.equal((await ben.get(settled(charge))).status, 200);
  await owesNothing(ben);
  const again = await wallet.run('pay', request);
  assert.match(again, /422/, 'it is told that nothing more is taken, and keeps its token');
}

/** A mint that is gone when the token is pasted has it later. */
async function awaited({ shop, path, wallet, mint }) {
  const { ben, charge } = await begin(shop, path);
  const token = await wallet.send(SATS);
  await mint.stop();
  await paste(ben, charge, token);
  assert.match((await ben.get(charge)).text, /lost on the way/);
  await mint.start();
  await until(async () => (await ben.get(charge)).status === 303, 'the shop asks again', REST_MILLISECONDS);
  await owesNothing(ben);
}

/** What came is real: the operator's wallet redeems it, once. */
async function takenOut({ shop, mint }) {
  const data = join(shop.folder, 'data');
  const there = await shop.command('ecash', '--data', data);
  const [, sats] = /(\d+) sat in e-cash are in the shop/.exec(there);
  const [token] = /cashuB[\w-]+/.exec(await shop.command('ecash', 'export', '--data', data));
  const olu = await mint.wallet('olu');
  await olu.receive(token);
  const received = await olu.balance();
  assert.ok(received > Number(sats) - 10 && received <= Number(sats), `${received} of ${sats}`);
  assert.match(await olu.receive(token), /already spent|11001/);
  assert.match(await shop.command('ecash', 'export', '--data', data), /no e-cash to take out/);
  const [, name] = /left with export (\S+)/.exec(await shop.command('ecash', '--data', data));
  assert.ok((await shop.command('ecash', 'export', '--again', name, '--data', data)).includes(token));
}

async function ecash(binary) {
  const mint = await Mint.open();
  try {
    const wallet = await mint.wallet('ben', 20_000);
    const shop = await Shop.open(binary, settings(mint), '127.0.0.1');
    const all = { shop, mint, wallet, path: await article(shop, '0.20') };
    try {
      for (const story of [pasted, changed, posted, awaited, takenOut]) await story(all);
    } catch (error) {
      console.log(shop.log);
      throw error;
    } finally {
      await shop.close();
    }
  } finally {
    await mint.close();
  }
}

export default [{ name: 'e-cash by Nutshell', run: ecash }];
