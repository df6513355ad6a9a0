// Pictures and sounds made here, so that no file of somebody else is needed.

import { deflateSync } from 'node:zlib';

const TABLE = Array.from({ length: 256 }, (_, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ TABLE[(value ^ byte) & 255];
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(kind, data) {
  const named = Buffer.concat([Buffer.from(kind), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc(named));
  return Buffer.concat([length, named, sum]);
}

/** A PNG of waves under a sky; `mood` chooses among four. */
export function picture(width, height, mood) {
  const [sky, sea] = [
    [[240, 232, 214], [52, 92, 110]], [[28, 34, 38], [120, 150, 160]], [[233, 185, 73], [28, 60, 80]], [[205, 219, 222], [23, 107, 68]],
  ][mood];
  const rows = [];
  for (let y = 0; y < height; y += 1) {
    const row = Buffer.alloc(1 + width * 3);
    for (let x = 0; x < width; x += 1) {
      const crest = height * 0.55 + Math.sin(x / 70 + mood) * height * 0.06 + Math.sin(x / 23) * height * 0.02;
      const wave = Math.floor((y - crest) / (height / 18));
      const color = y < crest ? sky : sea.map((part) => Math.max(0, part - wave * 7));
      row.set(color, 1 + x * 3);
    }
    rows.push(row);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.concat(rows))), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}

/** A WAV of so many seconds: one tone in 8 bits at 8 kHz. */
export function sound(seconds) {
  const rate = 8000;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + seconds * rate, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(seconds * rate, 40);
  const tone = Buffer.from(Array.from({ length: seconds * rate }, (_, at) => 128 + Math.round(60 * Math.sin(at / 5))));
  return Buffer.concat([head, tone]);
}
