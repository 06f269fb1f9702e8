import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import * as lz4 from 'lz4js';
import { readEveryCompression } from './compression.js';

readEveryCompression();
const { CompressionCodecs, CompressionTypes } = kafkajs;
const codecOf = CompressionCodecs as Record<number, () => { decompress(packed: Buffer): Promise<Buffer> }>;
const unpack = (type: number, packed: Buffer) => codecOf[type]!().decompress(packed);

/** How what was packed begins. */
const codecs = [
  ['gzip', CompressionTypes.GZIP, '1f8b0800'],
  ['snappy', CompressionTypes.Snappy, '82534e41505059000000000100000001'],
  ['lz4', CompressionTypes.LZ4, '04224d186040'],
  ['zstd', CompressionTypes.ZSTD, '28b52ffd'],
] as const;

describe.each(codecs)('Bytes that are said to be packed with %s', (name, type, beginning) => {
  it('are unpacked or refused by name, whatever they are', async () => {
    const bytes = fc.uint8Array({ maxLength: 400, size: 'max' }).map((array) => Buffer.from(array));
    await fc.assert(
      fc.asyncProperty(fc.boolean(), bytes, async (begun, rest) => {
        const packed = begun ? Buffer.concat([Buffer.from(beginning, 'hex'), rest]) : rest;
        const ended = await unpack(type, packed).then(Buffer.isBuffer, (error: Error) => error.message);
        if (ended !== true) expect(ended).toMatch(new RegExp(`^a batch packed with ${name} can't be unpacked: .`));
      }),
      { numRuns: 300 },
    );
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
