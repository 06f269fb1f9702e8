import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { appendParameters } from '../../event-store/postgres/event-rows.js';
import { APPEND } from '../../event-store/postgres/statements.js';
import { readStoredRows } from '../../event-store/postgres/stored-rows.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { storedText } from '../../event-store/stored-text.js';
import { canonicalJson } from '../../kernel/canonical-json.js';
import type { JsonObject, NewEvent } from '../../kernel/envelope.js';
import { randomNonces } from '../../kernel/ids.js';
import { connectDatabase, type Database } from '../../platform/database/database.js';
import { entryOfRow } from './leaf.js';
import { readEntries } from './stored-entries.js';

let test: TestDatabase;
let one: Database;
let pool: pg.Pool;

beforeAll(async () => {
  test = await createTestDatabase();
  one = await connectDatabase(test.connection, { applicationName: 'gatehouse-spec', poolSize: 1 });
  pool = one.pool;
});
afterAll(async () => {
  await one.dataSource.destroy();
  await test.drop();
});
beforeEach(async () => void (await pool.query('BEGIN')));
afterEach(async () => void (await pool.query('ROLLBACK')));

const storable = (value: unknown): boolean => {
  try {
    return !canonicalJson(value).includes('\\u0000');
  } catch {
    return false;
  }
};
const label = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter(storable);
const nonce = fc.constantFrom('', 'x', 'A'.repeat(22), '"'.repeat(22));
const extension = fc.dictionary(fc.constantFrom('nonce', 'offset', 'partition', 'recordedat', 'a'), nonce);

interface Sample {
  data: JsonObject;
  type: string;
  extensions?: Record<string, string> | undefined;
  kafka?: { offset: string; partition: number } | undefined;
  recordedat?: string | undefined;
  isOlder: boolean;
}
const sample: fc.Arbitrary<Sample> = fc.record({
  data: (fc.dictionary(label, fc.jsonValue()) as fc.Arbitrary<JsonObject>).filter(storable),
  type: label,
  extensions: fc.option(extension, { nil: undefined }),
  kafka: fc.option(fc.record({ offset: fc.constantFrom('0', '17'), partition: fc.nat(9) }), { nil: undefined }),
  recordedat: fc.constantFrom(undefined, undefined, '2022-05-18T10:00:00.123Z'),
  isOlder: fc.boolean(),
});

/** An event with its texts: an older one has no nonce. */
function written({ data, type, extensions, kafka, recordedat, isOlder }: Sample) {
  const event: NewEvent = newEvent(type, data);
  Object.assign(event.metadata, kafka, extensions && { extensions }, recordedat !== undefined && { recordedat });
  return { event, text: storedText(event, isOlder ? undefined : randomNonces()) };
}

async function append(stream: string, samples: readonly Sample[]): Promise<void> {
  const all = samples.map(written);
  const writes = [{ stream, expected: 'any' as const, events: all.map(({ event }) => event) }];
  await pool.query(APPEND.text, appendParameters(writes, [all.map(({ text }) => text)]));
}

/** Both readings of the whole log, and how many of the entries are the server's. */
async function bothReadings() {
  const [{ rows }, { leaves, head }] = [await readStoredRows(pool, 0, 1_000), await readEntries(pool, 0, 1_000)];
  expect(head).toBe(rows.at(-1)?.position ?? 0);
  return { ours: rows.map((row) => ({ position: row.position, entry: entryOfRow(row) })), theirs: leaves };
}

describe('the entries that the server makes', () => {
  it('are read by one query, and none of what is stored is sent', async () => {
    await append('account-1', [{ data: { a: 1 }, type: 'Tested', isOlder: false }]);
    const queries: string[] = [];
    const counting = { query: (query: pg.QueryConfig) => queries.push(query.text) && pool.query(query) } as pg.Pool;
    expect((await readEntries(counting, 0, 1_000)).leaves).toHaveLength(1);
    expect(queries).toEqual([expect.stringContaining('sha256(')]);
  });

  it('are those of the stored rows, whatever the events hold', async () => {
    await fc.assert(
      fc
        .asyncProperty(label, fc.array(sample, { minLength: 1, maxLength: 8 }), async (stream, samples) => {
          await append(stream, samples);
          const { ours, theirs } = await bothReadings();
          expect(theirs).toEqual(ours);
        })
        .beforeEach(async () => void (await pool.query('ROLLBACK; BEGIN'))),
      { numRuns: 200 },
    );
  });

  it.each([
    ['white space', `data = replace(data::text, ':', ': ')::json`],
    ['another order', `data = '{"b":1,"a":2}'::json`],
    ['a member twice', `data = '{"a":1,"a":1}'::json`],
    ['no metadata', `metadata = '{}'::json`],
    ['metadata that are no object', `metadata = '[",\\"nonce\\":\\"x"]'::json`],
    ['a nonce that is no text', `metadata = regexp_replace(metadata::text, '"nonce":"[^"]*"', '"nonce":1')::json`],
    ['microseconds', `recorded_at = recorded_at + interval '1 microsecond'`],
    ['a year of five digits', `recorded_at = '12022-05-18T10:00:00Z'`],
    ['a year before our era', `recorded_at = '0044-03-15T10:00:00Z BC'`],
    ['no time at all', `recorded_at = 'infinity'`],
    ['a stream that there is not', 'stream_id = stream_id + 1'],
  ])('are those of rows that were altered to hold %s', async (_, change) => {
    await append('account-1', [{ data: { a: 1 }, type: 'Tested', isOlder: false }]);
    const before = (await bothReadings()).theirs;
    await pool.query(`ALTER TABLE log.events DISABLE TRIGGER USER; UPDATE log.events SET ${change}`);
    const { ours, theirs } = await bothReadings();
    expect(theirs).toEqual(ours);
    expect(theirs).not.toEqual(before);
  });
});
