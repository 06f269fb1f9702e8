import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredRow } from '../../event-store/postgres/stored-rows.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { storedText } from '../../event-store/stored-text.js';
import { canonicalJson } from '../../kernel/canonical-json.js';
import type { JsonObject, RecordedEvent } from '../../kernel/envelope.js';
import { entryOfEvent, entryOfRow, isCanonical } from './leaf.js';

const NONCE = 'AAAAAAAAAAAAAAAAAAAAAA';
const nonces = { next: () => NONCE };
const RECORDED_AT = '2022-05-18T10:00:00.123Z';

const isStorable = (value: unknown) => {
  try {
    return canonicalJson(value) !== '';
  } catch {
    return false;
  }
};
const anyData = (fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()) as fc.Arbitrary<JsonObject>).filter(
  isStorable,
);

/** What the tables and what readers have of an event, with a nonce or as an earlier release stored it. */
function stored(data: JsonObject, { isOlder = false, isCopy = false } = {}): { row: StoredRow; event: RecordedEvent } {
  const event = newEvent('Tested', data);
  if (isCopy) event.metadata.recordedat = RECORDED_AT;
  const text = storedText(event, isOlder ? undefined : nonces);
  const place = { stream: 'account-ä', revision: 7, position: 42, id: event.id, type: event.type };
  return {
    row: { ...place, ...text, recordedAt: isCopy ? '2030-01-01 00:00:00+00' : '2022-05-18 10:00:00.123+00' },
    event: { ...event, ...place, recordedAt: RECORDED_AT },
  };
}

const changed = (row: StoredRow, change: Partial<StoredRow>) =>
  expect(entryOfRow({ ...row, ...change })).not.toEqual(entryOfRow(row));

describe('the entry of an event', () => {
  it('is the hash of its canonical parts', () => {
    const { event } = stored({ b: 1, a: 'ä' });
    const { position: _, ...parts } = event;
    expect(entryOfEvent(event)).toEqual(createHash('sha256').update(canonicalJson(parts)).digest());
  });

  it('is the same on every store, for a copy too, and for an event from before', () => {
    fc.assert(
      fc.property(anyData, fc.boolean(), (data, isOlder) => {
        const [own, copy] = [stored(data, { isOlder }), stored(data, { isOlder, isCopy: true })];
        expect(entryOfRow(own.row)).toEqual(entryOfEvent(own.event));
        copy.row.id = copy.event.id = own.row.id;
        copy.row.metadata = copy.row.metadata.replaceAll(/"(correlationid|time)":"[^"]+"/g, (text) => text);
        expect(entryOfRow(copy.row)).toEqual(entryOfEvent(copy.event));
      }),
    );
  });

  it('has no position', () => {
    const { row } = stored({ a: 1 });
    expect(entryOfRow({ ...row, position: 43 })).toEqual(entryOfRow(row));
  });

  it('changes with each of its parts', () => {
    const { row } = stored({ a: 1, b: [2] });
    changed(row, { stream: 'account-b' });
    changed(row, { stream: null });
    changed(row, { revision: 8 });
    changed(row, { id: '0196e0f0-0000-7000-8000-000000000001' });
    changed(row, { type: 'Other' });
    changed(row, { recordedAt: '2022-05-18 10:00:00.124+00' });
    changed(row, { data: '{"a":2,"b":[2]}' });
    changed(row, { metadata: row.metadata.replace(NONCE, NONCE.replace('A', 'B')) });
    changed(row, { metadata: '[]' });
  });

  it('changes with what parsing hides: white space, order, double members, escapes, microseconds', () => {
    for (const isCopy of [false, true]) {
      const { row } = stored({ a: 'ä', b: 1 }, { isCopy });
      changed(row, { data: '{"a":"ä", "b":1}' });
      changed(row, { data: '{"b":1,"a":"ä"}' });
      changed(row, { data: '{"a":"x","a":"ä","b":1}' });
      changed(row, { data: '{"a":"\\u00e4","b":1}' });
      changed(row, { data: '{"a":"ä","b":1.0}' });
      changed(row, { metadata: `${row.metadata.slice(0, -1)} }` });
      changed(row, { metadata: row.metadata.replace('{', '{"actor":1,') });
      if (!isCopy) changed(row, { recordedAt: '2022-05-18 10:00:00.123001+00' });
    }
  });

  it('from before the log of leaves is that of its value, and is marked', () => {
    const { row } = stored({ b: 1, a: 'ä' }, { isOlder: true });
    expect(isCanonical(JSON.parse(row.metadata))).toBe(false);
    expect(isCanonical(JSON.parse(stored({}).row.metadata))).toBe(true);
    expect(entryOfRow({ ...row, data: '{"a": "ä", "b":1}', recordedAt: '2022-05-18 10:00:00.123456+00' })).toEqual(
      entryOfRow(row),
    );
    changed(row, { data: '{"a":"ä","b":2}' });
  });
});
