// Reads `cargo metadata` from the standard input and refuses a crate whose licence cannot be combined with ours.

import { readFileSync } from 'node:fs';

const ALLOWED = new Set([
  '0BSD', 'Apache-2.0', 'Apache-2.0 WITH LLVM-exception', 'BSD-2-Clause', 'BSD-3-Clause', 'BSL-1.0', 'CC0-1.0', 'ISC', 'MIT',
  'MIT-0', 'Unicode-3.0', 'Unlicense', 'Zlib',
]);
/** Licences that only some crates may have, with the reason. */
const ONLY_FOR = {
  // File by file copyleft: the decoders are used as they are.
  'MPL-2.0': /^symphonia/,
  // A list of certificates is data.
  'CDLA-Permissive-2.0': /^webpki-root/,
  // As free as MIT, in plain words: <https://blueoakcouncil.org/license/1.0.0>.
  'BlueOak-1.0.0': /^minicbor/,
  // Code that descends from OpenSSL and says so.
  OpenSSL: /^aws-lc/,
};

const may = (crate, licence) => ALLOWED.has(licence) || ONLY_FOR[licence]?.test(crate) === true;

/** Whether an SPDX expression leaves us a licence that we may take. */
function acceptable(crate, expression) {
  const tokens = expression.replaceAll('/', ' OR ').match(/[()]|\bOR\b|\bAND\b|[\w.+-]+(?: WITH [\w.+-]+)?/g);
  const any = () => {
    let good = all();
    while (tokens[0] === 'OR') { tokens.shift(); good = all() || good; }
    return good;
  };
  const all = () => {
    let good = one();
    while (tokens[0] === 'AND') { tokens.shift(); good = one() && good; }
    return good;
  };
  const one = () => {
    const token = tokens.shift();
    if (token !== '(') return may(crate, token);
    const good = any();
    tokens.shift();
    return good;
  };
  return any();
}

const { packages } = JSON.parse(readFileSync(0, 'utf8'));
const refused = packages.filter(({ name, license }) => !license || !acceptable(name, license));
for (const { name, version, license } of refused) console.error(`${name} ${version}: ${license ?? 'no licence named'}`);
console.log(`${packages.length} crates, ${refused.length} with a licence that is not on the list`);
process.exit(refused.length ? 1 : 0);
