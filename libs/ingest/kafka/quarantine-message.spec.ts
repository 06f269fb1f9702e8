import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConsumedMessage } from '../../kafka/message-broker.js';
import { sizeOf } from '../../kafka/message-parts.js';
import { keptMessage, messageKept, quarantineMessage } from './quarantine-message.js';

/** The default limit of a broker is 1,048,588 bytes, including the batch around a message. */
const TAKEN_BYTES = 1_048_000;
const WHY = 'gatehouse_quarantine_';
const fault = { reason: 'invalid-data', field: '/data', detail: 'x'.repeat(5_000) };
const place = { topic: 'facts', partition: 3 };

const bytes = fc.oneof(fc.constantFrom(0, 10, 899_000, 1_500_000), fc.nat({ max: 2_000_000 }));
const message = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 8 }), bytes), { maxLength: 3 }),
});
const filled = (size: number | null) => (size === null ? null : Buffer.alloc(size, 'a'));

describe('A copy for the quarantine topic', () => {
  it('is whole if quarantine has no entry with the message', () => {
    const given = { key: null, value: filled(1_000_000), headers: [], offset: '7' };
    expect(quarantineMessage(given, fault, place, undefined).value).toEqual(given.value);
  });

  it('never exceeds the broker’s limit, lists missing parts and keeps the others unchanged', () => {
    fc.assert(
      fc.property(message, (sizes) => {
        const given: ConsumedMessage = {
          key: filled(sizes.key),
          value: filled(sizes.value),
          headers: sizes.headers.map(([name, size]) => [name, filled(size)!]),
          offset: '7',
        };
        const copy = quarantineMessage(given, fault, place, 'entry-1');
        const why = new Map(copy.headers.map(([name, text]) => [name, text.toString()]));
        const left = why.get(`${WHY}left_out`)?.split(', ') ?? [];
        expect(sizeOf(copy)).toBeLessThan(TAKEN_BYTES);
        expect(left.length === 0).toBe(sizeOf(given) <= 900_000);
        const came = copy.headers.filter(([name]) => !name.startsWith(WHY));
        for (const [part, has] of [
          ['key', copy.key],
          ['value', copy.value],
          ['headers', came],
        ] as const) {
          if (!left.includes(part)) expect(has).toEqual(given[part]);
          else expect(has?.length ?? 0).toBe(0);
        }
        expect([why.get(`${WHY}entry`), why.get(`${WHY}offset`)]).toEqual(['entry-1', '7']);
      }),
      { numRuns: 30 },
    );
  });
});

describe('A message that is kept whole', () => {
  const any = fc.option(fc.uint8Array().map((array) => Buffer.from(array)));

  it('can be parsed back to the byte', () => {
    fc.assert(
      fc.property(any, any, fc.array(fc.tuple(fc.string(), any)), (key, value, pairs) => {
        const headers = pairs.map(([name, header]): [string, Buffer] => [name, header ?? Buffer.alloc(0)]);
        const message = { key, value, headers };
        expect(messageKept(JSON.parse(keptMessage(message).toString()))).toEqual(message);
      }),
    );
  });

  it('is distinguished from all other content of an entry', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (entry) => {
        fc.pre(!(typeof entry === 'object' && entry !== null && 'headers' in entry));
        expect(messageKept(entry)).toBeUndefined();
      }),
    );
    expect(messageKept({ key: null, value: 'x', headers: [['ce_id', 7]] })).toBeUndefined();
  });
});
