import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Format } from '../../libs/images/content/image-format.js';

const WIDTH = 320;
const HEIGHT = 200;
const CRC_POLYNOMIAL = 0xedb88320;

/** A picture of coloured noise, which compresses worst. */
export const noise = (format: Format, width = WIDTH, height = HEIGHT): Promise<Buffer> =>
  sharp({
    create: { width, height, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 60 } },
  })
    .toFormat(format)
    .toBuffer();

/** A PNG of a few bytes that claims to have very many pixels. */
export function decompressionBomb(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 0], 8);
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1_000_000), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

/** The picture with the chunk of an animated PNG behind its header. */
export function animatedPng(png: Buffer): Buffer {
  const behindHeader = 8 + 25;
  const frames = Buffer.alloc(8);
  frames.writeUInt32BE(2, 0);
  return Buffer.concat([png.subarray(0, behindHeader), chunk('acTL', frames), png.subarray(behindHeader)]);
}

/** An animated WebP of two frames. */
export async function animatedWebp(): Promise<Buffer> {
  const frames = await Promise.all(['#f00', '#00f'].map((background) => frame(background)));
  return sharp(frames, { join: { animated: true } })
    .webp()
    .toBuffer();
}

const frame = (background: string): Promise<Buffer> =>
  sharp({ create: { width: 32, height: 32, channels: 3, background } })
    .png()
    .toBuffer();

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

function crc32(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CRC_POLYNOMIAL : crc >>> 1;
  }
  return ~crc >>> 0;
}
