import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { READ_POSITIONS } from '../../event-store/postgres/statements.js';
import { PLACES, SubjectEvents } from './events-of-subjects.js';
import { SUBJECT_INDEX } from './subject-index.js';

const EVENTS = 100_000;
/** Every one of these has as many events. */
const ACCOUNTS = 500;
const EACH = EVENTS / ACCOUNTS;

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
  // Accounts that take turns, so that the events of one are in as many places of the log.
  await pool.query(`
    INSERT INTO log.streams (id, name, revision) VALUES (1, 'facts-0', ${EVENTS - 1});
    INSERT INTO log.events (position, stream_id, revision, id, type, recorded_at, data, metadata)
      SELECT n, 1, n - 1, gen_random_uuid(), 'ImageGenerated', now(),
             json_build_object('imageId', 'img-' || n, 'accountId', 'acc-' || n % ${ACCOUNTS}),
             json_build_object('source', '/test', 'subject', 'image-img-' || n, 'time', '2022-05-18T09:00:00Z',
               'schemaversion', 1, 'correlationid', 'c', 'actor', json_build_object('kind', 'service', 'id', 'images'))
      FROM generate_series(1, ${EVENTS}) n;
    UPDATE log.head SET position = ${EVENTS};
    INSERT INTO history.places SELECT subject, n FROM generate_series(1, ${EVENTS}) n,
      LATERAL (VALUES ('image-img-' || n), ('account-acc-' || n % ${ACCOUNTS})) s (subject);
    INSERT INTO projections.checkpoints (follower, lane, position) VALUES ('${SUBJECT_INDEX}', 0, ${EVENTS});
  `);
  await pool.query('VACUUM ANALYZE log.events');
  await pool.query('VACUUM ANALYZE history.places');
}, 60_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

interface Plan {
  'Node Type': string;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}

async function planOf(text: string, values: unknown[]) {
  const { rows } = await pool.query({ text: `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`, values });
  const top: Plan = rows[0]['QUERY PLAN'][0].Plan;
  const nodesOf = (plan: Plan): string[] => [plan['Node Type'], ...(plan.Plans ?? []).flatMap(nodesOf)];
  return { nodes: nodesOf(top), buffers: top['Shared Hit Blocks'] + top['Shared Read Blocks'] };
}

describe('the whole history of one subject', () => {
  it('is found with a few blocks of the index, however many events other subjects have', async () => {
    const one = await planOf(PLACES.text, [['account-acc-7'], 0, EVENTS, EACH + 1]);
    expect(one.nodes).toContain('Index Only Scan');
    expect(one.nodes.filter((node) => node === 'Seq Scan').length).toBeLessThanOrEqual(1); // the checkpoints
    // Beside the index at most the row of each place, where the table was not vacuumed yet.
    expect(one.buffers).toBeLessThan(EACH + 20);
    const two = await planOf(PLACES.text, [['image-img-7', 'account-acc-8'], 0, EVENTS, EACH + 1]);
    expect(two.buffers).toBeLessThan(EACH + 40);
    const page = await planOf(PLACES.text, [['account-acc-7'], EVENTS / 2, EVENTS, 11]);
    expect(page.buffers).toBeLessThan(40);
  });

  it('is read by position, with some blocks for each event', async () => {
    const positions = Array.from({ length: EACH }, (_, n) => 7 + n * ACCOUNTS);
    const { nodes, buffers } = await planOf(READ_POSITIONS.text, [positions]);
    expect(nodes).toContain('Index Scan');
    expect(nodes.filter((node) => node === 'Seq Scan').length).toBeLessThanOrEqual(1); // one stream
    expect(buffers).toBeLessThan(EACH * 8);
  });

  it('is complete and in order, in one page or several', async () => {
    const store = new PostgresEventStore(database.connection);
    const subjects = new SubjectEvents(pool, store, new Set(['ImageGenerated']));
    const whole = await subjects.read(['account-acc-7'], 0, EVENTS, EACH);
    expect(whole).toMatchObject({ isLast: true });
    expect(whole.events.map(({ position }) => position)).toEqual(
      Array.from({ length: EACH }, (_, n) => 7 + n * ACCOUNTS),
    );
    const first = await subjects.read(['account-acc-7'], 0, EVENTS, EACH - 1);
    expect(first.isLast).toBe(false);
    expect(await subjects.read(['account-acc-7'], first.events.at(-1)!.position, EVENTS, 5)).toEqual({
      ...{ events: whole.events.slice(-1), isLast: true },
    });
    await store.close();
  });

  it('is refused while the index lacks more of the log than a request may read', async () => {
    const store = new PostgresEventStore(database.connection);
    const subjects = new SubjectEvents(pool, store, new Set(['ImageGenerated']));
    const indexedTo = (position: number) =>
      pool.query('UPDATE projections.checkpoints SET position = $1 WHERE follower = $2', [position, SUBJECT_INDEX]);
    await indexedTo(EVENTS - 1_000);
    expect((await subjects.read(['account-acc-7'], 0, EVENTS, EACH)).events).toHaveLength(EACH);
    await indexedTo(EVENTS / 2);
    await expect(subjects.read(['account-acc-7'], 0, EVENTS, EACH)).rejects.toMatchObject({ code: 'index-behind' });
    expect((await subjects.read(['account-acc-7'], 0, EVENTS / 2, EACH)).events).toHaveLength(EACH / 2);
    await store.close();
  });
});
