import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { systemClock } from '../kernel/clock.js';
import { timeOrderedIds } from '../kernel/ids.js';
import { LogEpoch } from './log-epoch.js';

describe('the epoch of the log', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  const opened: LogEpoch[] = [];
  const renewals: string[][] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool(database.connection);
  });
  afterEach(() => {
    for (const epoch of opened.splice(0)) epoch.close();
    renewals.length = 0;
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  async function open(): Promise<LogEpoch> {
    const epoch = await LogEpoch.open(pool, timeOrderedIds(systemClock));
    void epoch.renewal.then(({ before, after }) => renewals.push([before, after]));
    opened.push(epoch);
    return epoch;
  }

  it('has one name for all processes, also for those that start together, and keeps it', async () => {
    await pool.query('DELETE FROM log.epoch');
    const names = (await Promise.all([open(), open(), open()])).map(({ current }) => current);
    expect(names[0]).toMatch(/^[0-9a-f]{12}$/);
    expect(new Set(names).size).toBe(1);
    expect((await open()).current).toBe(names[0]);
    expect(renewals).toEqual([]);
  });

  it('is renewed by a command, and other processes follow', async () => {
    const [one, two] = [await open(), await open()];
    const before = one.current;
    const after = await one.renew();
    expect(after).not.toBe(before);
    await two.refresh();
    expect(two.current).toBe(after);
    expect(renewals).toEqual([
      [before, after],
      [before, after],
    ]);
  });

  it.each(['another server', 'another timeline'])('is renewed once by itself on %s', async (what) => {
    const [one, two] = [await open(), await open()];
    const before = one.current;
    const noted =
      what === 'another server' ? `'1/' || split_part(server, '/', 2)` : `split_part(server, '/', 1) || '/0000002A'`;
    await pool.query(`UPDATE log.epoch SET server = ${noted}`);
    await Promise.all([one.refresh(), two.refresh()]);
    expect(one.current).not.toBe(before);
    expect(two.current).toBe(one.current);
    expect((await open()).current).toBe(one.current);
  });
});
