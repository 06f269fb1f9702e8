import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createEmptyDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { type ArrayElement, arrayParameter } from './array-parameters.js';

/** Text that PostgreSQL can hold: anything but NUL and lone surrogates. */
const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => value.replaceAll('\u0000', ''));
const json = fc.jsonValue({ noUnicodeString: true, maxDepth: 3 }).map((value) => JSON.stringify(value));

const VALUES: Record<ArrayElement, fc.Arbitrary<unknown>> = {
  text,
  json,
  jsonb: json,
  uuid: fc.uuid(),
  bool: fc.boolean(),
  int4: fc.integer(),
  int8: fc.maxSafeInteger(),
  float8: fc.double({ noNaN: true }),
  timestamptz: fc
    .date({ min: new Date(0), max: new Date('2999-12-31'), noInvalidDate: true })
    .map((date) => date.getTime()),
  bytea: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
};

const READ: Partial<Record<ArrayElement, (value: never) => unknown>> = {
  int8: Number,
  timestamptz: (value: Date) => value.getTime(),
};

/** JSON is compared as text: the JSON value null is not NULL. */
const IS_JSON = /^json/;

describe('arrayParameter', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    client = new pg.Client(database.connection);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it.each(Object.keys(VALUES) as ArrayElement[])('sends %s and NULL to the server unchanged', async (element) => {
    const column = IS_JSON.test(element) ? 'v::text' : 'v';
    const statement = `SELECT ${column} AS v FROM unnest($1::${element}[]) WITH ORDINALITY u(v, n) ORDER BY n`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(VALUES[element]), { maxLength: 20 }), async (values) => {
        const { rows } = await client.query(statement, [arrayParameter(element, values)]);
        const read = READ[element] ?? ((value: unknown) => value);
        const shown = (value: unknown) => (element === 'jsonb' && value !== null ? JSON.parse(value as string) : value);
        expect(rows.map(({ v }) => (v === null ? null : shown(read(v as never))))).toEqual(values.map(shown));
      }),
      { numRuns: 40 },
    );
  });
});
