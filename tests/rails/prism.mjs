// Checks what goes between a shop and a server that plays a provider against the provider's own description, both ways:
// a request or an answer that the description forbids gets Prism's own answer, with the reasons in `sl-violations`.
//
//   node prism.mjs UPSTREAM DESCRIPTION…
//
// Says one port a line, in the order of the descriptions, and ends with whoever started it.

import { readFile } from 'node:fs/promises';
import { createLogger } from '@stoplight/prism-core';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import { createServer } from '@stoplight/prism-http-server';
import { parse } from '@stoplight/yaml';

const [upstream, ...descriptions] = process.argv.slice(2);
const logger = createLogger('prism', { level: 'silent' });
const config = {
  isProxy: true, upstream: new URL(upstream), validateRequest: true, validateResponse: true, checkSecurity: true, errors: true,
};

function isPattern(text) {
  try {
    return Boolean(new RegExp(text, 'u'));
  } catch {
    return false;
  }
}

/** A description that Prism can hold things against. One pattern that is no regular expression, and Prism checks no body at
 * all and says nothing: such patterns are left out. PayPal's description of 2024 knows no token of the type `SETUP_TOKEN`; that
 * of today does (developer.paypal.com/sdk/vault/v2/definitions/token_id_request). */
async function described(file) {
  const sound = (key, value) => (key === 'pattern' && typeof value === 'string' && !isPattern(value) ? undefined : value);
  const text = await readFile(file, 'utf8');
  const read = file.endsWith('.json') ? text : JSON.stringify(parse(text));
  const description = JSON.parse(read, sound);
  description.components?.schemas?.token_id_request?.properties.type.enum.push('SETUP_TOKEN');
  return description;
}

for (const description of descriptions) {
  const operations = await getHttpOperationsFromSpec(await described(description));
  const server = createServer(operations, { cors: false, config, components: { logger } });
  const address = await server.listen(0, '127.0.0.1');
  console.log(new URL(address).port);
}
process.stdin.resume().on('end', () => process.exit(0)).on('error', () => process.exit(0));
