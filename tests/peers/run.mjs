// Stories with a real peer on the other side: `node run.mjs [WORDS…]` tells those whose names contain every word, one after
// the other. ARDOISE_TEST_BINARY is the program under test.

import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const binary = resolve(process.env.ARDOISE_TEST_BINARY ?? join(here, '../../target/debug/ardoise'));

const stories = [];
for (const file of (await readdir(join(here, 'stories'))).sort()) {
  stories.push(...(await import(join(here, 'stories', file))).default);
}
const chosen = stories.filter(({ name }) => process.argv.slice(2).every((word) => name.includes(word)));
if (!chosen.length) {
  console.error('no story has these words in its name');
  process.exit(2);
}

let failed = 0;
for (const { name, run } of chosen) {
  const start = Date.now();
  const failure = await run(binary).then(() => undefined, (error) => error);
  console.log(`${failure ? 'FAILED' : 'ok    '}  ${name}  (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  if (failure) {
    failed += 1;
    console.log(String(failure.stack ?? failure).replace(/^/gm, '        '));
  }
}
console.log(`${chosen.length} stories with peers, ${failed} failed`);
process.exit(failed ? 1 : 0);
