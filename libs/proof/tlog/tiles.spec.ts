import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { leafHash, nodeHash } from './merkle-tree.js';
import { decodeBundle, encodeBundle, hashOver, parseTilePath, sliceOf, TILE_WIDTH, tilePath } from './tiles.js';

const anyPlace = fc.record({
  level: fc.oneof(fc.constant('entries' as const), fc.nat(6)),
  number: fc.oneof(fc.nat(1_100), fc.integer({ min: 0, max: 2 ** 45 })),
  width: fc.integer({ min: 1, max: TILE_WIDTH }),
});
const hashes = Array.from({ length: TILE_WIDTH }, (_, n) => leafHash(Buffer.from(String(n))));

describe('tiles', () => {
  it.each([
    ['0/000', { level: 0, number: 0, width: 256 }],
    ['0/x001/x234/067', { level: 0, number: 1_234_067, width: 256 }],
    ['entries/x273/112.p/8', { level: 'entries' as const, number: 273_112, width: 8 }],
  ])('have paths such as %s', (path, place) => {
    expect(tilePath(place)).toBe(path);
    expect(parseTilePath(path)).toEqual(place);
  });

  it('have one path each', () => {
    fc.assert(fc.property(anyPlace, (place) => expect(parseTilePath(tilePath(place))).toEqual(place)));
  });

  it.each([
    '',
    '0',
    '0/',
    '0/0',
    '0/00',
    '0/0000',
    '0/x000/001',
    '00/000',
    '7/000',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/1.p/1',
    '0/000.p/01',
    'entries/1000',
    '0/x1/234',
    '-1/000',
    '0/../000',
    '0/000/',
    '0/x001/x002/x003/x004/x005/006',
    '0/٠٠٠',
  ])('have no path %j', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it('are never named by other text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-6x./pentris-]{0,30}$/)), (path) => {
        const place = parseTilePath(path);
        if (place) expect(tilePath(place)).toBe(path);
      }),
    );
  });

  it('hold the hash of each complete subtree', () => {
    expect(sliceOf({ level: 0, index: 300 })).toEqual({ level: 0, number: 1, offset: 44, count: 1 });
    expect(sliceOf({ level: 3, index: 33 })).toEqual({ level: 0, number: 1, offset: 8, count: 8 });
    expect(sliceOf({ level: 8, index: 300 })).toEqual({ level: 1, number: 1, offset: 44, count: 1 });
    expect(sliceOf({ level: 7, index: 1 })).toEqual({ level: 0, number: 0, offset: 128, count: 128 });
    fc.assert(
      fc.property(fc.nat(52), fc.nat(1_000), (level, index) => {
        const { offset, count } = sliceOf({ level, index });
        expect(offset % count).toBe(0);
        expect(offset + count).toBeLessThanOrEqual(level < 56 ? TILE_WIDTH : Number.POSITIVE_INFINITY);
      }),
    );
  });

  it('hash to the subtree above', () => {
    const row = Buffer.concat(hashes.slice(0, 4));
    expect(hashOver(row)).toEqual(nodeHash(nodeHash(hashes[0]!, hashes[1]!), nodeHash(hashes[2]!, hashes[3]!)));
    expect(hashOver(hashes[0]!)).toEqual(hashes[0]);
  });
});

describe('bundles of entries', () => {
  it('hold each entry after its length', () => {
    fc.assert(
      fc.property(fc.nat(TILE_WIDTH), (count) => {
        const bundle = encodeBundle(Buffer.concat(hashes.slice(0, count)));
        expect(bundle).toHaveLength(count * 34);
        expect(decodeBundle(bundle)).toEqual(hashes.slice(0, count));
      }),
    );
  });

  it('are refused if they are cut or too long, and never read beyond their end', () => {
    const whole = encodeBundle(Buffer.concat(hashes));
    expect(decodeBundle(whole.subarray(0, -1))).toBeUndefined();
    expect(decodeBundle(Buffer.concat([whole, Buffer.of(0, 0)]))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const entries = decodeBundle(Buffer.from(bytes));
        if (entries) expect(entries.reduce((sum, entry) => sum + 2 + entry.length, 0)).toBe(bytes.length);
      }),
    );
  });
});
