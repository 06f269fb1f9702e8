import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { recorded } from '../../../test/support/fold-view.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { storePlaces } from './store-places.js';

const FACTS = new Set(['ImageGenerated']);
let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const generated = (position: number) =>
  recorded(position, 'ImageGenerated', { imageId: `img-${position}`, accountId: `acc-${position % 2}` });

const places = async () => {
  const { rows } = await pool.query('SELECT subject, position::int FROM history.places ORDER BY subject, position');
  return rows.map(({ subject, position }) => `${subject}@${position}`);
};

it('adds what a page has that was stored in part, or as a whole, and stores each place once', async () => {
  const events = [1, 2, 3].map(generated);
  await storePlaces(pool, events.slice(0, 2), FACTS);
  const before = await places();
  expect(before).toEqual(['account-acc-0@2', 'account-acc-1@1', 'image-img-1@1', 'image-img-2@2']);
  await storePlaces(pool, events.slice(1), FACTS);
  const after = [...before, 'account-acc-1@3', 'image-img-3@3'].sort();
  expect(await places()).toEqual(after);
  await storePlaces(pool, events, FACTS);
  await storePlaces(pool, [], FACTS);
  expect(await places()).toEqual(after);
});

it('passes on every other error, and stores nothing of the page', async () => {
  const before = await places();
  await pool.query(`ALTER TABLE history.places ADD CONSTRAINT planted CHECK (subject <> 'image-img-9')`);
  await expect(storePlaces(pool, [8, 9].map(generated), FACTS)).rejects.toThrow(/planted/);
  expect(await places()).toEqual(before);
});
