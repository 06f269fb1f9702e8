import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import * as zstd from '@bokuweb/zstd-wasm';
import kafkajs from 'kafkajs';
import * as lz4 from 'lz4js';
import snappy from 'snappy';

/*
 * What was damaged, or made to do harm, must end here too: a library in JavaScript that loops for ever at some bytes stops
 * the process. So snappy and zstd are unpacked by libraries that check whatever they read, and what these would put aside
 * for the size that is claimed is checked before.
 */

/** Far more than a client puts into a batch; what unpacks to more would take the process its memory and its time. */
const MOST_BYTES = 64 * 1024 * 1024;

const unpackGzip = promisify<Buffer, { maxOutputLength: number }, Buffer>(unzip);
const gzip = (packed: Buffer) => unpackGzip(packed, { maxOutputLength: MOST_BYTES });

/** Java's clients cut what they pack into blocks behind a header of their own; others send one block as it is. */
const SNAPPY_JAVA = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const SNAPPY_JAVA_HEADER_BYTES = 16;
/** No more than 64 bytes come of three. */
const SNAPPY_BEST = 22;

function unpackSnappy(packed: Buffer): Buffer {
  if (!packed.subarray(0, SNAPPY_JAVA.length).equals(SNAPPY_JAVA)) return snappyBlock(packed, MOST_BYTES);
  const blocks: Buffer[] = [];
  let left = MOST_BYTES;
  for (let at = SNAPPY_JAVA_HEADER_BYTES; at < packed.length; ) {
    const size = packed.readUInt32BE(at);
    at += 4;
    const block = snappyBlock(packed.subarray(at, at + size), left);
    blocks.push(block);
    left -= block.length;
    at += size;
  }
  return Buffer.concat(blocks);
}

function snappyBlock(packed: Buffer, left: number): Buffer {
  const bytes = snappySize(packed);
  if (bytes > packed.length * SNAPPY_BEST) throw new Error('it says that it holds more than it can');
  checkSize(bytes, left);
  return snappy.uncompressSync(packed) as Buffer;
}

/** The bytes that a block says it holds, seven bits of them to a byte. Source: Snappy's format description, section 1. */
function snappySize(packed: Buffer): number {
  let bytes = 0;
  for (let at = 0; at < 5; at++) {
    const byte = packed.readUInt8(at);
    bytes += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return bytes;
  }
  throw new Error('it does not begin with its size');
}

const LZ4_MAGIC = 0x184d2204;
const LZ4_BLOCK_BYTES = new Map([4, 5, 6, 7].map((code) => [code, 1 << (2 * code + 8)]));
/** Flags of a frame. */
const LZ4_DICTIONARY = 0x01;
const LZ4_SIZE = 0x08;
const LZ4_BLOCK_CHECKSUMS = 0x10;
const LZ4_AS_IT_IS = 0x80000000;

/**
 * One frame. Its blocks may refer to those before, so all are unpacked into one buffer; checksums are passed over. Whatever
 * a block says, its unpacking ends: no byte of it stands for more than 255.
 */
function unpackLz4(packed: Buffer): Buffer {
  if (packed.readUInt32LE(0) !== LZ4_MAGIC) throw new Error('it does not begin as a frame');
  const flags = packed.readUInt8(4);
  const most = LZ4_BLOCK_BYTES.get((packed.readUInt8(5) >> 4) & 7);
  if (most === undefined || flags & LZ4_DICTIONARY)
    throw new Error('it needs a dictionary or has blocks of no known size');
  const blocks: { at: number; size: number; asItIs: boolean }[] = [];
  let bytes = 0;
  for (let at = flags & LZ4_SIZE ? 15 : 7; ; ) {
    const word = packed.readUInt32LE(at);
    if (word === 0) break;
    const asItIs = word >= LZ4_AS_IT_IS;
    const size = asItIs ? word - LZ4_AS_IT_IS : word;
    if (size > most) throw new Error('a block is larger than the frame allows');
    if (at + 4 + size > packed.length) throw new Error('it ends within a block');
    blocks.push({ at: at + 4, size, asItIs });
    bytes += asItIs ? size : most;
    checkSize(bytes);
    at += 4 + size + (flags & LZ4_BLOCK_CHECKSUMS ? 4 : 0);
  }
  const unpacked = Buffer.alloc(bytes);
  let end = 0;
  for (const { at, size, asItIs } of blocks) {
    if (asItIs) end += packed.copy(unpacked, end, at, at + size);
    else end = lz4.decompressBlock(packed, unpacked, at, size, end);
    if (end > bytes) throw new Error('a block holds more than it may');
  }
  return unpacked.subarray(0, end);
}

let zstdIsReady: Promise<void> | undefined;

/** One frame. */
async function unpackZstd(packed: Buffer): Promise<Buffer> {
  zstdIsReady ??= zstd.init();
  await zstdIsReady;
  checkSize(zstdSize(packed) ?? 0);
  try {
    return Buffer.from(zstd.decompress(packed, { defaultHeapSize: MOST_BYTES }));
  } catch (error) {
    throw new Error(`it is damaged, or holds over ${MOST_BYTES} bytes: send smaller batches`, { cause: error });
  }
}

const ZSTD_MAGIC = 0xfd2fb528;

/**
 * The bytes that a frame says it holds; undefined: it does not say. Source: RFC 8878, section 3.1.1.1.
 * @throws {RangeError} where it ends before it has said so
 */
function zstdSize(packed: Buffer): number | undefined {
  if (packed.readUInt32LE(0) !== ZSTD_MAGIC) throw new Error('it does not begin as a frame');
  const descriptor = packed.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? packed.readUInt8(at) : undefined;
    case 1:
      return packed.readUInt16LE(at) + 256;
    case 2:
      return packed.readUInt32LE(at);
    default:
      return Number(packed.readBigUInt64LE(at));
  }
}

function checkSize(bytes: number, most = MOST_BYTES): void {
  if (bytes > most) throw new Error(`it holds over ${MOST_BYTES} bytes: send smaller batches`);
}

const { CompressionTypes } = kafkajs;

/** kafkajs itself knows gzip alone, and stops at any other batch for good. Nothing is sent packed, so there is no way back. */
const codecs = {
  [CompressionTypes.GZIP]: unpacking('gzip', gzip),
  [CompressionTypes.Snappy]: unpacking('snappy', unpackSnappy),
  [CompressionTypes.LZ4]: unpacking('lz4', unpackLz4),
  [CompressionTypes.ZSTD]: unpacking('zstd', unpackZstd),
};

function unpacking(name: string, unpack: (packed: Buffer) => Buffer | Promise<Buffer>) {
  const decompress = async (packed: Buffer) => {
    try {
      return await unpack(packed);
    } catch (error) {
      throw new Error(`a batch packed with ${name} can't be unpacked: ${(error as Error).message}`, { cause: error });
    }
  };
  return () => ({ decompress });
}

/** For the whole process; kafkajs keeps its codecs in one place. */
export function readEveryCompression(): void {
  Object.assign(kafkajs.CompressionCodecs, codecs);
}
