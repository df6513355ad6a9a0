// A server that speaks S3, with one bucket, on a free port of this machine: says the port in one line, and ends with whoever
// started it. It checks signatures; key and secret are both S3RVER.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';

const directory = mkdtempSync(join(tmpdir(), 'ardoise-s3-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const server = new S3rver({
  address: '127.0.0.1', port: 0, silent: true, directory, resetOnClose: true, configureBuckets: [{ name: 'shop', configs: [] }],
});
const { port } = await server.run();
console.log(port);
process.stdin.resume().on('end', () => process.exit(0)).on('error', () => process.exit(0));
