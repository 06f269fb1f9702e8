import { gzipSync } from 'node:zlib';
import * as zstd from '@bokuweb/zstd-wasm';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import * as lz4 from 'lz4js';
import snappy from 'snappy';
import { runs } from '../../test/support/runs.js';
import { registerCodecs } from './compression.js';

registerCodecs();
const { CompressionCodecs, CompressionTypes } = kafkajs;
const codecOf = CompressionCodecs as Record<number, () => { decompress(compressed: Buffer): Promise<Buffer> }>;
const decompress = (type: number, compressed: Buffer) => codecOf[type]!().decompress(compressed);

/** Initializes zstd with an invalid frame: initializing it twice would yield wrong bytes. */
beforeAll(() => decompress(CompressionTypes.ZSTD, Buffer.alloc(4)).catch(() => {}));

/** Each codec with the first bytes of its output and its compressor. */
const codecs = [
  ['gzip', CompressionTypes.GZIP, '1f8b0800', gzipSync],
  ['snappy', CompressionTypes.Snappy, '82534e41505059000000000100000001', snappy.compressSync],
  ['lz4', CompressionTypes.LZ4, '04224d186040', lz4.compress],
  ['zstd', CompressionTypes.ZSTD, '28b52ffd', zstd.compress],
] as const;

describe.each(codecs)('Bytes compressed with %s', (name, type, beginning, compress) => {
  const rejection = new RegExp(`^a batch compressed with ${name} can't be decompressed: .`);
  const outcomeOf = (compressed: Buffer) =>
    decompress(type, compressed).then(Buffer.isBuffer, (error: Error) => error.message);

  it('are decompressed, or rejected with the codec’s name, whatever they are', async () => {
    const bytes = fc.uint8Array({ maxLength: 400, size: 'max' }).map((array) => Buffer.from(array));
    await fc.assert(
      fc.asyncProperty(fc.boolean(), bytes, async (withHeader, rest) => {
        const compressed = withHeader ? Buffer.concat([Buffer.from(beginning, 'hex'), rest]) : rest;
        const result = await outcomeOf(compressed);
        if (result !== true) expect(result).toMatch(rejection);
      }),
      { numRuns: runs(100, 300) },
    );
  });

  it('are decompressed, or rejected with the codec’s name, if they were damaged', async () => {
    const given = fc.uint8Array({ minLength: 1, maxLength: 2_000, size: 'max' }).map((array) => Buffer.from(array));
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(given, damage, async (bytes, changes) => {
        const text = Buffer.from(bytes.toString('hex').repeat(3));
        const compressed = Buffer.from(compress(text));
        expect((await decompress(type, compressed)).equals(text)).toBe(true);
        for (const [at, to] of changes) compressed[at % compressed.length] = to;
        const result = await outcomeOf(compressed);
        if (result !== true) expect(result).toMatch(rejection);
      }),
      { numRuns: runs(100, 300) },
    );
  });
});

describe('A block of snappy', () => {
  it.each([
    ['has a negative length', 'c801fc00000080', /can't be decompressed/],
    ['ends in a literal', 'c801f063', /can't be decompressed/],
    ['refers to bytes before its start', '0a01ff', /can't be decompressed/],
    ['states an impossible size', 'ffffffff0f00', /size is impossible/],
    ['has an endless size field', 'ffffffffff00', /start with its size/],
  ])('is rejected if it %s', async (_, hex, message) => {
    await expect(decompress(CompressionTypes.Snappy, Buffer.from(hex, 'hex'))).rejects.toThrow(message);
  });

  it('is rejected if it, or all blocks together, would exceed the memory limit', async () => {
    const block = snappy.compressSync(Buffer.alloc(40 * 1024 * 1024));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    const header = Buffer.from('82534e41505059000000000100000001', 'hex');
    const blocks = (count: number) => Buffer.concat([header, ...Array(count).fill([length, block]).flat()]);
    expect(await decompress(CompressionTypes.Snappy, blocks(1))).toHaveLength(40 * 1024 * 1024);
    await expect(decompress(CompressionTypes.Snappy, blocks(2))).rejects.toThrow(/send smaller batches/);
    const huge = snappy.compressSync(Buffer.alloc(65 * 1024 * 1024));
    await expect(decompress(CompressionTypes.Snappy, huge)).rejects.toThrow(/send smaller batches/);
  });
});

describe('A frame of zstd', () => {
  /** A frame whose only block repeats one byte. */
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
  ])('is decompressed with its size in %s', async (_, header, size = 100) => {
    const output = await decompress(CompressionTypes.ZSTD, frame(header, size));
    expect(output.toString()).toBe('x'.repeat(size));
  });

  it.each([
    ['four bytes', 'a0ffffffff'],
    ['eight bytes', 'e00000000001000000'],
    ['eight bytes, of which four look like no size', 'e0ffffffff01000000'],
  ])('is rejected if its size in %s exceeds the memory limit', async (_, header) => {
    await expect(decompress(CompressionTypes.ZSTD, frame(header, 100))).rejects.toThrow(/send smaller batches/);
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
  const compressed = (given: string) => {
    const whole = Buffer.from(lz4.compress(Buffer.from(given)));
    return whole.subarray(11, -4);
  };

  it('is decompressed with and without checksums and size, in one block or several', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 0x08, 0x10, 0x18, 0x04, 0x1c),
        fc.array(text, { maxLength: 3 }),
        async (flags, texts) => {
          const checksum = Buffer.alloc(flags & 0x04 ? 4 : 0, 9);
          const given = frame(flags, texts.map(compressed), checksum);
          expect((await decompress(CompressionTypes.LZ4, given)).toString()).toBe(texts.join(''));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is rejected if it would exceed the memory limit', async () => {
    const four = compressed('x'.repeat(4 * 1024 * 1024 - 1));
    const huge = (count: number) => {
      const blocks = frame(0, Array(count).fill(four), Buffer.alloc(0));
      blocks[5] = 0x70; // blocks of up to four mebibytes
      return blocks;
    };
    expect(await decompress(CompressionTypes.LZ4, huge(1))).toHaveLength(4 * 1024 * 1024 - 1);
    await expect(decompress(CompressionTypes.LZ4, huge(20))).rejects.toThrow(/send smaller batches/);
  });

  it('gets no more memory than its blocks can fill, whatever size it states for them', async () => {
    const given = frame(0, Array(15).fill(compressed('abc'.repeat(100))), Buffer.alloc(0));
    given[5] = 0x70; // 60 mebibytes of blocks
    const output = (await decompress(CompressionTypes.LZ4, given)) as Buffer;
    expect(output.toString()).toBe('abc'.repeat(1_500));
    expect(output.buffer.byteLength).toBeLessThan(255 * given.length);
  });
});
