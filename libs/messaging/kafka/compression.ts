import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import kafkajs from 'kafkajs';
import * as lz4 from 'lz4js';
import * as snappy from 'snappyjs';

/** Far more than a broker's largest batch holds; what unpacks to more would take the process its memory. */
const MOST_BYTES = 256 * 1024 * 1024;

const unpackGzip = promisify<Buffer, { maxOutputLength: number }, Buffer>(unzip);
const gzip = (packed: Buffer) => unpackGzip(packed, { maxOutputLength: MOST_BYTES });

/** Java's clients cut what they pack into blocks behind a header of their own; others send one block as it is. */
const SNAPPY_JAVA = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const SNAPPY_JAVA_HEADER_BYTES = 16;

function unpackSnappy(packed: Buffer): Buffer {
  if (!packed.subarray(0, SNAPPY_JAVA.length).equals(SNAPPY_JAVA)) return snappy.uncompress(packed, MOST_BYTES);
  const blocks: Buffer[] = [];
  let left = MOST_BYTES;
  for (let at = SNAPPY_JAVA_HEADER_BYTES; at < packed.length; ) {
    const size = packed.readUInt32BE(at);
    at += 4;
    const block = snappy.uncompress(packed.subarray(at, at + size), left);
    blocks.push(block);
    left -= block.length;
    at += size;
  }
  return Buffer.concat(blocks);
}

const LZ4_FLAGS_AT = 4;
const LZ4_BLOCK_CHECKSUMS = 0x10;

function unpackLz4(packed: Buffer): Buffer {
  if (packed[LZ4_FLAGS_AT]! & LZ4_BLOCK_CHECKSUMS) throw new Error('checksums of its blocks are not read: send none');
  const bytes = lz4.decompressBound(packed) as unknown as number; // the types know of no result
  checkSize(bytes);
  return asBuffer(lz4.decompress(packed, bytes));
}

function unpackZstd(packed: Buffer): Buffer {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const frames = new Decompress((part) => {
    bytes += part.length;
    checkSize(bytes);
    parts.push(part);
  });
  frames.push(packed, true);
  return Buffer.concat(parts);
}

function checkSize(bytes: number): void {
  if (bytes > MOST_BYTES) throw new Error(`it holds over ${MOST_BYTES} bytes: send smaller batches`);
}

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength);

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
