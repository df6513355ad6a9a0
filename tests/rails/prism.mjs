// Checks what goes between a shop and a server that plays a provider against the provider's own description, both ways:
// a request or an answer that the description forbids gets Prism's own answer, with the reasons in `sl-violations`.
//
//   node prism.mjs UPSTREAM DESCRIPTION…
//
// Says one port a line, in the order of the descriptions, and ends with whoever started it.

import { createLogger } from '@stoplight/prism-core';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import { createServer } from '@stoplight/prism-http-server';

const [upstream, ...descriptions] = process.argv.slice(2);
const logger = createLogger('prism', { level: 'silent' });
const config = {
  isProxy: true, upstream: new URL(upstream), validateRequest: true, validateResponse: true, checkSecurity: true, errors: true,
};

for (const description of descriptions) {
  const operations = await getHttpOperationsFromSpec(description);
  const server = createServer(operations, { cors: false, config, components: { logger } });
  const address = await server.listen(0, '127.0.0.1');
  console.log(new URL(address).port);
}
process.stdin.resume().on('end', () => process.exit(0)).on('error', () => process.exit(0));
