// Runs the browser stories: `node run.mjs [WORDS…]` runs those whose names contain every word.
//
// ARDOISE_TEST_BINARY is the program under test, ARDOISE_TEST_ARTEFACTS the folder for screenshots, CHROMIUM the browser.

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { Stage } from './stage.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const binary = resolve(process.env.ARDOISE_TEST_BINARY ?? join(here, '../../target/debug/ardoise'));
const artefacts = resolve(process.env.ARDOISE_TEST_ARTEFACTS ?? join(here, '../../artefacts'), 'browser');
/** Stories at the same time: one per core of the machine the budget is set for. */
const AT_ONCE = 2;

/** Every story of every file in `stories/`, in the order of their names. */
async function collect(words) {
  const stories = [];
  for (const file of (await readdir(join(here, 'stories'))).sort()) {
    const module = await import(join(here, 'stories', file));
    stories.push(...module.default);
  }
  return stories.filter((story) => words.every((word) => story.name.includes(word)));
}

/** Plays one story on a stage of its own; answers what went wrong, or nothing. */
async function play(story, browser) {
  const stage = new Stage({ browser, binary, artefacts, story: story.name });
  const start = Date.now();
  let failure;
  try {
    await story.run(stage);
    stage.assertNothingWentWrong();
  } catch (error) {
    failure = error;
    await stage.photographEverybody().catch(() => {});
  }
  await stage.close();
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${failure ? 'FAILED' : 'ok    '}  ${story.name}  (${seconds} s, ${stage.looks} looks)`);
  if (failure) console.log(String(failure.stack ?? failure).replace(/^/gm, '        '));
  return { story: story.name, seconds: Number(seconds), looks: stage.looks, failure: failure && String(failure) };
}

async function playAll(stories, browser) {
  const [waiting, results] = [[...stories], []];
  const worker = async () => {
    for (let story = waiting.shift(); story; story = waiting.shift()) {
      results.push(await play(story, browser));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

const stories = await collect(process.argv.slice(2));
if (!stories.length) {
  console.error('no story has these words in its name');
  process.exit(2);
}
await rm(artefacts, { recursive: true, force: true });
await mkdir(artefacts, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
  // The launcher itself gives every run a fresh user-data folder below here.
  env: { ...process.env, TMPDIR: tmpdir() },
});
const results = await playAll(stories, browser);
await browser.close();
await writeFile(join(artefacts, 'report.json'), JSON.stringify(results, null, 2));
const failed = results.filter((result) => result.failure).length;
const looks = results.reduce((sum, result) => sum + result.looks, 0);
console.log(`${results.length} browser stories, ${failed} failed; ${looks} looks at pages; see ${artefacts}`);
process.exit(failed ? 1 : 0);
