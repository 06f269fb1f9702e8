import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import * as zstd from '@bokuweb/zstd-wasm';
import kafkajs from 'kafkajs';
import * as lz4 from 'lz4js';
import snappy from 'snappy';

/*
 * Damaged and malicious batches must fail, not hang: a JavaScript library that loops forever on some bytes would stop the
 * process. Snappy and zstd are therefore decompressed by libraries that check what they read, and the claimed size is
 * checked before they allocate memory for it.
 */

/** Far more than a client puts into a batch. A larger output would exhaust memory and time. */
const MAX_BYTES = 64 * 1024 * 1024;

const gunzip = promisify<Buffer, { maxOutputLength: number }, Buffer>(unzip);
const gzip = (compressed: Buffer) => gunzip(compressed, { maxOutputLength: MAX_BYTES });

/** Java clients send blocks after a header of their own; others send a single block without a header. */
const SNAPPY_JAVA = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const SNAPPY_JAVA_HEADER_BYTES = 16;
/** At best, three bytes expand to 64. */
const SNAPPY_MAX_RATIO = 22;

function decompressSnappy(compressed: Buffer): Buffer {
  if (!compressed.subarray(0, SNAPPY_JAVA.length).equals(SNAPPY_JAVA)) return snappyBlock(compressed, MAX_BYTES);
  const blocks: Buffer[] = [];
  let left = MAX_BYTES;
  for (let at = SNAPPY_JAVA_HEADER_BYTES; at < compressed.length; ) {
    const size = compressed.readUInt32BE(at);
    at += 4;
    const block = snappyBlock(compressed.subarray(at, at + size), left);
    blocks.push(block);
    left -= block.length;
    at += size;
  }
  return Buffer.concat(blocks);
}

function snappyBlock(compressed: Buffer, left: number): Buffer {
  const bytes = snappySize(compressed);
  if (bytes > compressed.length * SNAPPY_MAX_RATIO) throw new Error('its stated size is impossible for its length');
  checkSize(bytes, left);
  return snappy.uncompressSync(compressed) as Buffer;
}

/** The stated size of a block in bytes, seven bits per byte. Source: Snappy's format description, section 1. */
function snappySize(compressed: Buffer): number {
  let bytes = 0;
  for (let at = 0; at < 5; at++) {
    const byte = compressed.readUInt8(at);
    bytes += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return bytes;
  }
  throw new Error('it does not start with its size');
}

const LZ4_MAGIC = 0x184d2204;
const LZ4_BLOCK_BYTES = new Map([4, 5, 6, 7].map((code) => [code, 1 << (2 * code + 8)]));
/** Flags of a frame. */
const LZ4_DICTIONARY = 0x01;
const LZ4_SIZE = 0x08;
const LZ4_BLOCK_CHECKSUMS = 0x10;
const LZ4_STORED = 0x80000000;
/** A byte of a block expands to 255 at most: as a further byte of a length. */
const LZ4_MAX_RATIO = 255;

/**
 * Decompresses one frame. Blocks may refer to earlier ones, so all share one buffer; checksums are skipped. Decompression
 * always ends, and needs no more memory than its blocks can fill, whatever size the frame allows them.
 */
function decompressLz4(compressed: Buffer): Buffer {
  if (compressed.readUInt32LE(0) !== LZ4_MAGIC) throw new Error('it does not start with the magic number of a frame');
  const flags = compressed.readUInt8(4);
  const max = LZ4_BLOCK_BYTES.get((compressed.readUInt8(5) >> 4) & 7);
  if (max === undefined || flags & LZ4_DICTIONARY)
    throw new Error('it needs a dictionary or has an unknown block size');
  const blocks: { at: number; size: number; stored: boolean }[] = [];
  let bytes = 0;
  for (let at = flags & LZ4_SIZE ? 15 : 7; ; ) {
    const word = compressed.readUInt32LE(at);
    if (word === 0) break;
    const stored = word >= LZ4_STORED;
    const size = stored ? word - LZ4_STORED : word;
    if (size > max) throw new Error('a block is larger than the frame allows');
    if (at + 4 + size > compressed.length) throw new Error('it ends inside a block');
    blocks.push({ at: at + 4, size, stored });
    bytes += stored ? size : Math.min(max, size * LZ4_MAX_RATIO);
    checkSize(bytes);
    at += 4 + size + (flags & LZ4_BLOCK_CHECKSUMS ? 4 : 0);
  }
  const output = Buffer.alloc(bytes);
  let end = 0;
  for (const { at, size, stored } of blocks) {
    if (stored) end += compressed.copy(output, end, at, at + size);
    else end = lz4.decompressBlock(compressed, output, at, size, end);
    if (end > bytes) throw new Error('its blocks decompress to more than the frame allows');
  }
  return output.subarray(0, end);
}

let zstdIsReady: Promise<void> | undefined;

/** Decompresses one frame. */
async function decompressZstd(compressed: Buffer): Promise<Buffer> {
  zstdIsReady ??= zstd.init();
  await zstdIsReady;
  checkSize(zstdSize(compressed) ?? 0);
  try {
    return Buffer.from(zstd.decompress(compressed, { defaultHeapSize: MAX_BYTES }));
  } catch (error) {
    throw new Error(`it is damaged, or holds over ${MAX_BYTES} bytes: send smaller batches`, { cause: error });
  }
}

const ZSTD_MAGIC = 0xfd2fb528;

/**
 * The stated size of a frame in bytes, or undefined if it states none. Source: RFC 8878, section 3.1.1.1.
 * @throws {RangeError} if it ends before its size
 */
function zstdSize(compressed: Buffer): number | undefined {
  if (compressed.readUInt32LE(0) !== ZSTD_MAGIC) throw new Error('it does not start with the magic number of a frame');
  const descriptor = compressed.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? compressed.readUInt8(at) : undefined;
    case 1:
      return compressed.readUInt16LE(at) + 256;
    case 2:
      return compressed.readUInt32LE(at);
    default:
      return Number(compressed.readBigUInt64LE(at));
  }
}

function checkSize(bytes: number, max = MAX_BYTES): void {
  if (bytes > max) throw new Error(`it holds over ${MAX_BYTES} bytes: send smaller batches`);
}

const { CompressionTypes } = kafkajs;

/** kafkajs itself supports only gzip and stops for good at any other batch. We never compress, so no codec can. */
const codecs = {
  [CompressionTypes.GZIP]: codec('gzip', gzip),
  [CompressionTypes.Snappy]: codec('snappy', decompressSnappy),
  [CompressionTypes.LZ4]: codec('lz4', decompressLz4),
  [CompressionTypes.ZSTD]: codec('zstd', decompressZstd),
};

function codec(name: string, decode: (compressed: Buffer) => Buffer | Promise<Buffer>) {
  const decompress = async (compressed: Buffer) => {
    try {
      return await decode(compressed);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`a batch compressed with ${name} can't be decompressed: ${message}`, { cause: error });
    }
  };
  return () => ({ decompress });
}

/** Registers them for the whole process: kafkajs keeps its codecs in one global. */
export function registerCodecs(): void {
  Object.assign(kafkajs.CompressionCodecs, codecs);
}
