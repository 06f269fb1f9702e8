import { gzipSync } from 'node:zlib';
import * as zstd from '@bokuweb/zstd-wasm';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import * as lz4 from 'lz4js';
import snappy from 'snappy';
import { readEveryCompression } from './compression.js';

readEveryCompression();
const { CompressionCodecs, CompressionTypes } = kafkajs;
const codecOf = CompressionCodecs as Record<number, () => { decompress(packed: Buffer): Promise<Buffer> }>;
const unpack = (type: number, packed: Buffer) => codecOf[type]!().decompress(packed);

/** By a frame that is none: what is initialized twice reads wrong bytes. */
beforeAll(() => unpack(CompressionTypes.ZSTD, Buffer.alloc(4)).catch(() => {}));

/** How what was packed begins, and what packs. */
const codecs = [
  ['gzip', CompressionTypes.GZIP, '1f8b0800', gzipSync],
  ['snappy', CompressionTypes.Snappy, '82534e41505059000000000100000001', snappy.compressSync],
  ['lz4', CompressionTypes.LZ4, '04224d186040', lz4.compress],
  ['zstd', CompressionTypes.ZSTD, '28b52ffd', zstd.compress],
] as const;

describe.each(codecs)('Bytes that are said to be packed with %s', (name, type, beginning, pack) => {
  const refused = new RegExp(`^a batch packed with ${name} can't be unpacked: .`);
  const ended = (packed: Buffer) => unpack(type, packed).then(Buffer.isBuffer, (error: Error) => error.message);

  it('are unpacked or refused by name, whatever they are', async () => {
    const bytes = fc.uint8Array({ maxLength: 400, size: 'max' }).map((array) => Buffer.from(array));
    await fc.assert(
      fc.asyncProperty(fc.boolean(), bytes, async (begun, rest) => {
        const packed = begun ? Buffer.concat([Buffer.from(beginning, 'hex'), rest]) : rest;
        const result = await ended(packed);
        if (result !== true) expect(result).toMatch(refused);
      }),
      { numRuns: 300 },
    );
  });

  it('are unpacked or refused by name when they were damaged on the way', async () => {
    const given = fc.uint8Array({ minLength: 1, maxLength: 2_000, size: 'max' }).map((array) => Buffer.from(array));
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(given, damage, async (bytes, changes) => {
        const text = Buffer.from(bytes.toString('hex').repeat(3));
        const packed = Buffer.from(pack(text));
        expect((await unpack(type, packed)).equals(text)).toBe(true);
        for (const [at, to] of changes) packed[at % packed.length] = to;
        const result = await ended(packed);
        if (result !== true) expect(result).toMatch(refused);
      }),
      { numRuns: 300 },
    );
  });
});

describe('A block of snappy', () => {
  it.each([
    ['goes on for less than nothing', 'c801fc00000080', /can't be unpacked/],
    ['ends in a literal', 'c801f063', /can't be unpacked/],
    ['goes back before its beginning', '0a01ff', /can't be unpacked/],
    ['holds more than it can', 'ffffffff0f00', /more than it can/],
    ['has no end of its size', 'ffffffffff00', /begin with its size/],
  ])('is refused that %s', async (_, hex, message) => {
    await expect(unpack(CompressionTypes.Snappy, Buffer.from(hex, 'hex'))).rejects.toThrow(message);
  });

  it('is refused where it would hold more than a process should, and where blocks together would', async () => {
    const block = snappy.compressSync(Buffer.alloc(40 * 1024 * 1024));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    const header = Buffer.from('82534e41505059000000000100000001', 'hex');
    const blocks = (count: number) => Buffer.concat([header, ...Array(count).fill([length, block]).flat()]);
    expect(await unpack(CompressionTypes.Snappy, blocks(1))).toHaveLength(40 * 1024 * 1024);
    await expect(unpack(CompressionTypes.Snappy, blocks(2))).rejects.toThrow(/send smaller batches/);
    const huge = snappy.compressSync(Buffer.alloc(65 * 1024 * 1024));
    await expect(unpack(CompressionTypes.Snappy, huge)).rejects.toThrow(/send smaller batches/);
  });
});

describe('A frame of zstd', () => {
  /** A block that is one byte over and over, behind a header of a frame. */
  const frame = (header: string, times: number) => {
    const block = Buffer.alloc(4);
    block.writeUInt32LE((times << 3) | 0b011);
    block[3] = 'x'.charCodeAt(0);
    return Buffer.concat([Buffer.from(`28b52ffd${header}`, 'hex'), block]);
  };

  it.each([
    ['none', '0058'],
    ['one byte', '2064'],
    ['two bytes', '60b400', 100 + 336],
    ['four bytes', '805864000000'],
    ['eight bytes', 'c0586400000000000000'],
    ['eight bytes and no window', 'e06400000000000000'],
  ])('is read with its size in %s', async (_, header, size = 100) => {
    const unpacked = await unpack(CompressionTypes.ZSTD, frame(header, size));
    expect(unpacked.toString()).toBe('x'.repeat(size));
  });

  it.each([
    ['four bytes', 'a0ffffffff'],
    ['eight bytes', 'e00000000001000000'],
    ['eight bytes, of which four look like no size', 'e0ffffffff01000000'],
  ])('is refused where it says in %s that it holds more than a process should', async (_, header) => {
    await expect(unpack(CompressionTypes.ZSTD, frame(header, 100))).rejects.toThrow(/send smaller batches/);
  });
});

describe('A frame of lz4', () => {
  const text = fc
    .uint8Array({ minLength: 20, maxLength: 2_000, size: 'max' })
    .map((array) => Buffer.from(array).toString('hex').repeat(3));
  const frame = (flags: number, blocks: readonly Buffer[], behind: Buffer) => {
    const size = flags & 0x08 ? Buffer.alloc(8, 1) : Buffer.alloc(0);
    const head = [Buffer.from('04224d18', 'hex'), Buffer.from([0x40 | flags, 0x40]), size, Buffer.from([0])];
    const body = blocks.flatMap((block) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(block.length);
      return [length, block, Buffer.alloc(flags & 0x10 ? 4 : 0, 7)];
    });
    return Buffer.concat([...head, ...body, Buffer.alloc(4), behind]);
  };
  const packed = (given: string) => {
    const whole = Buffer.from(lz4.compress(Buffer.from(given)));
    return whole.subarray(11, -4);
  };

  it('is read with and without checksums and its size, in one block or in several', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 0x08, 0x10, 0x18, 0x04, 0x1c),
        fc.array(text, { maxLength: 3 }),
        async (flags, texts) => {
          const checksum = Buffer.alloc(flags & 0x04 ? 4 : 0, 9);
          const given = frame(flags, texts.map(packed), checksum);
          expect((await unpack(CompressionTypes.LZ4, given)).toString()).toBe(texts.join(''));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is refused where it would hold more than a process should', async () => {
    const blocks = Array.from({ length: 20 }, () => Buffer.from('00', 'hex'));
    const huge = frame(0, blocks, Buffer.alloc(0));
    huge[5] = 0x70; // blocks of up to four mebibytes
    await expect(unpack(CompressionTypes.LZ4, huge)).rejects.toThrow(/send smaller batches/);
  });
});
