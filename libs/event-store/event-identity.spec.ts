import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../kernel/envelope.js';
import { isUuid, nameBasedId } from '../kernel/ids.js';
import { formerSenderEventId, OwnEventIds, senderEventId } from './event-identity.js';

const uuidV7 = '0196e0f0-0000-7000-8000-00000000000a';
const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => !text.includes('\n'));
const id = fc.oneof(
  name,
  fc.uuid(),
  fc.uuid({ version: 7 }),
  fc.uuid().map((one) => one.toUpperCase()),
);

describe('the stored id of an event from outside', () => {
  it('is always the same for one pair of source and id, and differs for every other, in any case of letters', () => {
    fc.assert(
      fc.property(name, id, name, id, (source, one, otherSource, other) => {
        expect(isUuid(senderEventId(source, one))).toBe(true);
        expect(senderEventId(source, one)).toBe(senderEventId(source, one));
        for (const [from, as] of [
          [otherSource, one],
          [source, other],
          [source, one.toUpperCase()],
        ] as const) {
          const isSame = from === source && as === one;
          expect(senderEventId(from, as) === senderEventId(source, one)).toBe(isSame);
        }
      }),
    );
  });

  it('is never the id itself, so that nobody can choose it', () => {
    fc.assert(fc.property(name, fc.uuid(), (source, one) => expect(senderEventId(source, one)).not.toBe(one)));
  });

  it('begins with the time of a UUIDv7, which keeps them in order', () => {
    expect(senderEventId('/a', uuidV7).slice(0, 15)).toBe(`${uuidV7.slice(0, 14)}8`);
    expect(senderEventId('/a', uuidV7).slice(15)).not.toBe(senderEventId('/b', uuidV7).slice(15));
  });

  it('stays the same as in earlier versions for an id that is no UUID', () => {
    expect(senderEventId('/image-service', 'a-1')).toBe('8e423f11-c410-5c28-82a6-23772310ff96');
    expect(formerSenderEventId('a-1')).toBeUndefined();
    expect(formerSenderEventId(uuidV7.toUpperCase())).toBe(uuidV7);
  });
});

describe('the id of an event that our own process stores because of another', () => {
  const cause = { id: uuidV7 } as RecordedEvent;
  const idsWith = (fill: number, since = 0) => new OwnEventIds(Buffer.alloc(32, fill), since);

  it('is the same for the same key, cause and purpose only', () => {
    const of = (key: number, event: RecordedEvent, purpose: string) => idsWith(key).identify(event, purpose).eventId!;
    const other = { id: '0196e0f0-0000-7000-8000-00000000000b' } as RecordedEvent;
    expect(of(1, cause, 'act')).toBe(of(1, cause, 'act'));
    const all = [of(1, cause, 'act'), of(2, cause, 'act'), of(1, other, 'act'), of(1, cause, 'undo')];
    expect(new Set(all).size).toBe(4);
    expect(all.every(isUuid)).toBe(true);
    expect(all).not.toContain(nameBasedId(uuidV7, 'act'));
  });

  it('goes with the id of an earlier version only if the log may have one', () => {
    expect(idsWith(1).identify(cause, 'act').formerEventId).toBeUndefined();
    expect(idsWith(1, 7).identify(cause, 'act').formerEventId).toBe(nameBasedId(uuidV7, 'act'));
  });
});
