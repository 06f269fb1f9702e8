import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../kernel/canonical-json.js';
import { isUuid, randomNonces } from '../kernel/ids.js';
import { EventsRefused } from './event-store.js';
import { newEvent } from './sample-events.contract.js';
import { storedText } from './stored-text.js';

const nonces = { next: () => 'AAAAAAAAAAAAAAAAAAAAAA' };

describe('the stored texts of an event', () => {
  it('are canonical and have a nonce', () => {
    const event = newEvent('Tested', { b: 1, a: { d: 'ä', c: [2, 1] } });
    const { data, metadata } = storedText(event, nonces);
    expect(data).toBe('{"a":{"c":[2,1],"d":"ä"},"b":1}');
    expect(event.metadata.nonce).toBe(nonces.next());
    expect(metadata).toBe(canonicalJson(event.metadata));
  });

  it('of a retry have the same nonce', () => {
    const event = newEvent();
    const random = randomNonces();
    expect(storedText(event, random)).toEqual(storedText(event, random));
  });

  it('of a copy keep its nonce, and are canonical too', () => {
    const event = newEvent('Tested', { b: 1, a: 2 });
    const copy = { ...event, metadata: { ...event.metadata, nonce: 'BBBBBBBBBBBBBBBBBBBBBB' } };
    for (const given of [nonces, undefined])
      expect(storedText(copy, given)).toEqual({ data: '{"a":2,"b":1}', metadata: canonicalJson(copy.metadata) });
  });

  it('of a copy of an event without a nonce stay as they are', () => {
    const event = newEvent('Tested', { b: 'x\ud800', a: 2 ** 60 });
    expect(storedText(event)).toEqual({
      data: JSON.stringify(event.data),
      metadata: JSON.stringify(event.metadata),
    });
  });

  it.each([
    ['half of a surrogate pair', { a: 'x\ud800' }, '/a has half of a surrogate pair'],
    ['an integer that programs round', { a: [2 ** 53] }, '/a/0 is an integer beyond'],
    ['extreme depth', { a: JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) }, 'is nested deeper than 100 levels'],
  ])('do not exist for %s, and the error names the event and the field', (_, data, message) => {
    const event = newEvent('Tested', data);
    expect(() => storedText(event, nonces)).toThrow(EventsRefused);
    expect(() => storedText(event, nonces)).toThrow(
      expect.objectContaining({
        code: 'event-not-canonical',
        kind: 'invalid-input',
        eventIds: new Set([event.id]),
        message: expect.stringContaining(message),
      }),
    );
  });
});

it('refuses an id exactly if it is not a UUID', () => {
  const almost = fc.tuple(fc.uuid(), fc.nat(35), fc.string({ maxLength: 2 }));
  const changed = almost.map(([id, at, put]) => id.slice(0, at) + put + id.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(fc.uuid(), changed, fc.string()), (id) => {
      const store = () => storedText(newEvent('Tested', {}, id), nonces);
      if (isUuid(id)) store();
      else expect(store).toThrow(expect.objectContaining({ code: 'invalid-input', eventIds: new Set([id]) }));
    }),
    { seed: 42 },
  );
});

describe('nonces', () => {
  it('are 16 bytes each, and no two are the same', () => {
    const random = randomNonces();
    const made = Array.from({ length: 2_000 }, () => random.next());
    expect(new Set(made).size).toBe(made.length);
    for (const nonce of made) expect(Buffer.from(nonce, 'base64url')).toHaveLength(16);
  });
});
