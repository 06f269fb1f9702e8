import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createEmptyDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import type { ArrayElement } from './array-parameters.js';
import { copyRows } from './copy-rows.js';

/** Text that PostgreSQL can hold: anything but NUL and lone surrogates. */
const text = fc.string({ unit: 'grapheme', maxLength: 400 }).map((value) => value.replaceAll('\u0000', ''));
const json = fc.jsonValue({ noUnicodeString: true, maxDepth: 3 });

const COLUMNS: [string, { type: ArrayElement }, fc.Arbitrary<unknown>][] = [
  ['text', { type: 'text' }, text],
  ['json', { type: 'json' }, json],
  ['jsonb', { type: 'jsonb' }, json],
  ['uuid', { type: 'uuid' }, fc.uuid()],
  ['bool', { type: 'bool' }, fc.boolean()],
  ['int4', { type: 'int4' }, fc.integer()],
  ['int8', { type: 'int8' }, fc.maxSafeInteger()],
  ['float8', { type: 'float8' }, fc.double({ noNaN: true })],
  ['timestamptz', { type: 'timestamptz' }, fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })],
  ['bytea', { type: 'bytea' }, fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes))],
];
const columns = COLUMNS.map(([name, column]) => [name, column] as const);
const row = fc.record(Object.fromEntries(COLUMNS.map(([name, , values]) => [name, fc.option(values)])));

describe('copyRows on a pipelined connection', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    client = new pg.Client({ ...database.connection, pipeline: true });
    await client.connect();
    client.setTypeParser(20, Number);
    client.setTypeParser(1184, (value) => Date.parse(value.replace(/\+00$/, 'Z')));
    await client.query(`CREATE TABLE copied (n serial, ${columns.map(([name, { type }]) => `"${name}" ${type}`)})`);
  });
  beforeEach(() => client.query('TRUNCATE copied'));
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('stores values of every type, and NULL, unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        await copyRows(client, 'copied', columns, rows);
        const stored = await client.query(`SELECT ${columns.map(([name]) => `"${name}"`)} FROM copied ORDER BY n`);
        await client.query('TRUNCATE copied');
        expect(stored.rows).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  it('runs in order with statements sent before and after it', async () => {
    const count = () => client.query('SELECT count(*)::int AS n FROM copied').then(({ rows }) => rows[0].n);
    const copy = () => copyRows(client, 'copied', columns, [{ text: 'one' }, { text: 'two' }]);
    const sent = [count(), copy(), count(), copy(), count()];
    expect(await Promise.all(sent)).toEqual([0, undefined, 2, undefined, 4]);
  });

  it('rejects with the error of the server and leaves the connection usable', async () => {
    await expect(copyRows(client, 'copied', columns, [{ text: 'nul \u0000' }])).rejects.toMatchObject({
      code: '22021',
    });
    await expect(copyRows(client, 'no_such_table', columns, [{ text: 'a' }])).rejects.toMatchObject({ code: '42P01' });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
