import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { type EventStore, type StreamWrite, WriteTooLarge } from '../../libs/event-store/event-store.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import type { JsonObject } from '../../libs/kernel/envelope.js';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { exportLog } from '../../libs/log-transfer/export-log.js';
import { importLog } from '../../libs/log-transfer/import-log.js';
import { LogsDiffer, lineOf } from '../../libs/log-transfer/log-digest.js';
import { commandLineFor } from '../../test/support/cli-process.js';
import { createTestDatabase, type TestDatabase, urlOf } from '../../test/support/test-database.js';
import { wholeLog } from '../../test/support/whole-log.js';
import { adoptConfiguredLog } from './adopt-configured-log.js';
import { openNamedLog, renewLogEpoch } from './named-log.js';

const written = fc.record({
  stream: fc.constantFrom('account-a', 'account-b', 'facts-0', 'rollout'),
  data: fc.array(fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.jsonValue()), {
    minLength: 1,
    maxLength: 4,
  }),
});

const addressOf = ({ connection }: TestDatabase): string => urlOf(connection);

describe('copying a log', () => {
  let folder: string;
  let file: string;
  const opened: { store: PostgresEventStore; database: TestDatabase }[] = [];

  async function emptyLog(): Promise<PostgresEventStore> {
    const database = await createTestDatabase();
    const store = new PostgresEventStore(database.connection);
    opened.push({ store, database });
    return store;
  }

  async function logOf(writes: { stream: string; data: JsonObject[] }[]): Promise<PostgresEventStore> {
    const store = await emptyLog();
    for (const { stream, data } of writes)
      await store.append([{ stream, expected: 'any', events: data.map((one) => newEvent('Tested', one)) }]);
    return store;
  }

  const linesOf = async (store: EventStore) => (await wholeLog(store)).map(lineOf);
  const some = (events: number) =>
    Array.from({ length: events }, (_, n) => ({ stream: `account-${n % 7}`, data: [{ n }] }));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-log-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(() => {
    file = join(folder, `${opened.length}-${expect.getState().currentTestName?.length}.log`);
  });
  afterEach(async () => {
    for (const { store, database } of opened.splice(0)) {
      await store.close();
      await database.drop();
    }
    for (const path of [file, `${file}.2`, `${file}.part`, `${file}.progress`]) await rm(path, { force: true });
  });

  it('keeps streams, revisions, ids, order, data, metadata and when each event was stored, over several copies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(written, { maxLength: 12 }), async (writes) => {
        await rm(file, { force: true });
        const source = await logOf(writes);
        const exported = await exportLog(source, file);
        const copy = await emptyLog();
        expect(await importLog(file, copy)).toEqual(exported);
        expect(await linesOf(copy)).toEqual(await linesOf(source));
        await rm(`${file}.2`, { force: true });
        expect(await exportLog(copy, `${file}.2`)).toEqual(exported);
      }),
      { numRuns: 5 },
    );
  });

  it('resumes an interrupted export and drops the half-written page', async () => {
    const source = await logOf([{ stream: 'facts-0', data: Array.from({ length: 4_500 }, (_, n) => ({ n })) }]);
    const whole = await exportLog(source, `${file}.2`);
    const stop = new AbortController();
    await expect(exportLog(source, file, { signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow(
      'abort',
    );
    await appendFile(`${file}.part`, 'half a page');
    expect(await exportLog(source, file)).toEqual(whole);
    expect(await importLog(file, await emptyLog())).toEqual(whole);
    await expect(stat(`${file}.progress`)).rejects.toThrow('ENOENT');
  });

  it('resumes an interrupted import and changes nothing if it was complete', async () => {
    const source = await logOf(some(40));
    const exported = await exportLog(source, file);
    const copy = await emptyLog();
    let left = 15;
    const ending = Object.assign(Object.create(copy) as PostgresEventStore, {
      append: (writes: readonly StreamWrite[]) => {
        if (left-- === 0) throw new Error('the process ends here');
        return copy.append(writes);
      },
    });
    await expect(importLog(file, ending)).rejects.toThrow('the process ends here');
    expect(await copy.head()).toBe(15);
    for (const _ of ['resumed', 'repeated']) expect(await importLog(file, copy)).toEqual(exported);
    expect(await linesOf(copy)).toEqual(await linesOf(source));
  });

  it('retries an append whose answer was lost', async () => {
    const exported = await exportLog(await logOf(some(3)), file);
    const copy = await emptyLog();
    let lost = 1;
    const losing = Object.assign(Object.create(copy) as PostgresEventStore, {
      append: async (writes: readonly StreamWrite[]) => {
        const results = await copy.append(writes);
        if (lost-- > 0) throw new StoreUnavailable('the answer is lost');
        return results;
      },
    });
    expect(await importLog(file, losing)).toEqual(exported);
  });

  it('writes smaller batches if the store refuses large writes', async () => {
    const narrow = (store: PostgresEventStore, most: number) =>
      Object.assign(Object.create(store) as PostgresEventStore, {
        append: async (writes: readonly StreamWrite[]) => {
          if (writes.some(({ events }) => events.length > most)) throw new WriteTooLarge(`accepts ${most} at once`);
          return store.append(writes);
        },
      });
    const exported = await exportLog(
      await logOf([{ stream: 'facts-0', data: Array.from({ length: 300 }, (_, n) => ({ n })) }]),
      file,
    );
    expect(await importLog(file, narrow(await emptyLog(), 7))).toEqual(exported);
    await expect(importLog(file, narrow(await emptyLog(), 0))).rejects.toThrow('accepts 0 at once');
  });

  it('refuses a log that contains other events before or after', async () => {
    await exportLog(await logOf(some(3)), file);
    const other = await logOf([{ stream: 'account-0', data: [{ other: true }] }]);
    await expect(importLog(file, other)).rejects.toThrow(LogsDiffer);
    expect(await other.head()).toBe(1);

    const copy = await emptyLog();
    await importLog(file, copy);
    await copy.append([{ stream: 'account-0', expected: 'any', events: [newEvent()] }]);
    await expect(importLog(file, copy)).rejects.toThrow('account-0 has 2 events instead of 1');
  });

  it('exits with 7 if the log differs, and reports the difference on stderr', async () => {
    await exportLog(await logOf(some(3)), file);
    await logOf([{ stream: 'account-0', data: [{ n: 'other' }] }]);
    const address = addressOf(opened.at(-1)!.database);
    const { run } = commandLineFor({ url: 'http://127.0.0.1:9' });
    const refused = /^gatehouse: the log holds Tested .*: import into an empty log$/m;
    expect(await run('import-log', file, '--to', address)).toMatchObject({
      code: 7,
      stderr: expect.stringMatching(refused),
    });
    const forMachines = await run('import-log', file, '--to', address, '--json');
    expect(forMachines).toMatchObject({ code: 7, stdout: '' });
    expect(JSON.parse(forMachines.stderr)).toMatchObject({ type: expect.stringMatching(/logs-differ$/) });
  });

  it('refuses a changed, truncated or foreign file and writes nothing', async () => {
    await exportLog(await logOf(some(50)), file);
    const copy = await emptyLog();
    const good = await readFile(file);
    const bad = Buffer.from(good);
    bad[Math.floor(bad.length / 2)]! ^= 1;
    for (const bytes of [bad, good.subarray(0, good.length - 30), Buffer.from('hello'), Buffer.alloc(0)]) {
      await writeFile(file, bytes);
      await expect(importLog(file, copy)).rejects.toThrow(file);
    }
    expect(await copy.head()).toBe(0);
  });

  it('does not overwrite an existing file', async () => {
    await writeFile(file, 'mine');
    await expect(exportLog(await logOf([]), file)).rejects.toThrow('exists already');
  });

  it('opens a log by its address, creates its schema, and refuses other addresses', async () => {
    await exportLog(await logOf(some(2)), file);
    await emptyLog();
    const named = await openNamedLog(addressOf(opened.at(-1)!.database), 'write', {});
    expect(await importLog(file, named.store)).toMatchObject({ events: 2, streams: 2 });
    await named.close();
    await expect(openNamedLog('mysql://nowhere', 'write', {})).rejects.toThrow('must start with');
    const away = openNamedLog('esdb://127.0.0.1:1?tls=false', 'read', {});
    await expect(away).rejects.toThrow("the event store of the address given can't be used");
  });

  it('reports in one line that the database of a log does not answer', async () => {
    for (const purpose of ['read', 'write'] as const) {
      const away = openNamedLog('postgres://nobody@127.0.0.1:1/nowhere', purpose, {});
      await expect(away).rejects.toMatchObject({
        code: 'database-unusable',
        message: expect.stringMatching(/^the database can't be used \(.*ECONNREFUSED.*\): start it, or correct/),
      });
    }
  });

  it('opens no database for a file that can’t be imported', async () => {
    const { run } = commandLineFor({ url: 'http://127.0.0.1:9' });
    const result = await run('import-log', join(folder, 'nothing'), '--to', 'postgres://nobody@127.0.0.1:1/nowhere');
    expect(result).toMatchObject({ code: 2, stderr: expect.stringMatching(/nothing can't be read \(ENOENT/) });
  });

  it('uses no place without a log, and creates nothing there', async () => {
    await emptyLog();
    const { database } = opened.at(-1)!;
    const pool = new pg.Pool(database.connection);
    await pool.query('DROP SCHEMA log CASCADE');
    const empty = join(folder, 'no-data');
    await mkdir(empty);
    const { run } = commandLineFor({ url: 'http://127.0.0.1:9' });
    expect(await run('export-log', file, '--from', addressOf(database))).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/the database has no log: correct the address/),
    });
    await expect(openNamedLog(undefined, 'read', { GATEHOUSE_DATA: empty })).rejects.toThrow('has no log');
    const env = { GATEHOUSE_DATABASE_URL: addressOf(database), GATEHOUSE_DATA: empty };
    await expect(renewLogEpoch(env)).rejects.toThrow('the database has no log');
    await expect(adoptConfiguredLog(env, {})).rejects.toThrow('the database has no log');
    expect(await readdir(empty)).toEqual([]);
    await expect(stat(file)).rejects.toThrow('ENOENT');
    const { rows } = await pool.query(`SELECT to_regclass('log.head') AS log`);
    expect(rows).toEqual([{ log: null }]);
    await pool.end();
  });
});
