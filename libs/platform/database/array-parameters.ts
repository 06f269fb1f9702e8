/**
 * Query parameters of array type in PostgreSQL's binary format. node-postgres sends a Buffer unchanged, so a column of
 * thousands of values needs no quoting, escaping or parsing; the text form of `json[]` costs three times as much.
 * Format: array_recv in PostgreSQL's src/backend/utils/adt/arrayfuncs.c; cast the parameter (`$1::text[]`) so that the
 * server knows the type.
 */
const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int4: 23,
  text: 25,
  json: 114,
  float8: 701,
  timestamptz: 1184,
  uuid: 2950,
  jsonb: 3802,
};

export type ArrayElement = keyof typeof OID;

const HEADER_BYTES = 20;
const UUID_BYTES = 16;
const NULL_LENGTH = -1;
const MS_AT_2000 = 946_684_800_000;
const JSONB_VERSION = 1;

/**
 * @param values text, json, jsonb and uuid take strings; int4, int8 and float8 take numbers; timestamptz takes epoch
 * milliseconds; bool takes booleans; bytea takes Buffers. null is NULL.
 */
export function arrayParameter(element: ArrayElement, values: readonly unknown[]): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + values.length * 4 + payloadBytes(element, values));
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(1, 4);
  bytes.writeInt32BE(OID[element], 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  if (values.length === 0) {
    bytes.writeInt32BE(0, 0);
    return bytes.subarray(0, 12);
  }
  const write = writers[element];
  let at = HEADER_BYTES;
  // By index, as all loops over a page's values here: lists differ in what they have, and an iterator allocates for each value.
  for (let n = 0; n < values.length; n++) {
    const value = values[n];
    if (value === null || value === undefined) {
      bytes.writeInt32BE(NULL_LENGTH, at);
      at += 4;
      continue;
    }
    const length = write(bytes, value as never, at + 4);
    bytes.writeInt32BE(length, at);
    at += 4 + length;
  }
  return bytes.subarray(0, at); // a NULL needs fewer bytes than were allocated for it
}

/** Bytes of a value of the types of fixed length. */
export const FIXED: Partial<Record<ArrayElement, number>> = {
  bool: 1,
  int4: 4,
  int8: 8,
  float8: 8,
  timestamptz: 8,
  uuid: UUID_BYTES,
};

function payloadBytes(element: ArrayElement, values: readonly unknown[]): number {
  const fixed = FIXED[element];
  if (fixed !== undefined) return values.length * fixed;
  let total = element === 'jsonb' ? values.length : 0;
  for (let n = 0; n < values.length; n++) {
    const value = values[n];
    if (typeof value === 'string') total += Buffer.byteLength(value);
    else if (Buffer.isBuffer(value)) total += value.length;
  }
  return total;
}

/** Writes a value at an offset, and returns its length in bytes. */
type Writer = (bytes: Buffer, value: never, at: number) => number;

const int8: Writer = (bytes, value: number, at) => {
  bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
  return 8;
};

/** Of a digit 0-9, a-f or A-F. */
const hexValue = (code: number): number => (code <= 57 ? code - 48 : (code | 32) - 87);

const text: Writer = (bytes, value: string, at) => bytes.write(value, at, 'utf8');

/** One value of each type in PostgreSQL's binary format, without its length. */
export const writers: Record<ArrayElement, Writer> = {
  text,
  json: text,
  jsonb: (bytes, value: string, at) => {
    bytes[at] = JSONB_VERSION;
    return 1 + bytes.write(value, at + 1, 'utf8');
  },
  bytea: (bytes, value: Buffer, at) => value.copy(bytes, at),
  bool: (bytes, value: boolean, at) => {
    bytes[at] = value ? 1 : 0;
    return 1;
  },
  int4: (bytes, value: number, at) => bytes.writeInt32BE(value, at) - at,
  int8,
  float8: (bytes, value: number, at) => bytes.writeDoubleBE(value, at) - at,
  timestamptz: (bytes, value: number, at) => {
    const micros = (value - MS_AT_2000) * 1000;
    if (Number.isSafeInteger(micros)) return int8(bytes, micros as never, at);
    return bytes.writeBigInt64BE(BigInt(value - MS_AT_2000) * 1000n, at) - at; // after the year 2285
  },
  uuid: (bytes, value: string, at) => {
    let digit = 0;
    for (let n = 0; n < UUID_BYTES; n++, digit += 2) {
      if (n === 4 || n === 6 || n === 8 || n === 10) digit++; // the hyphens of 8-4-4-4-12
      bytes[at + n] = (hexValue(value.charCodeAt(digit)) << 4) | hexValue(value.charCodeAt(digit + 1));
    }
    return UUID_BYTES;
  },
};
