import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { catalogue } from '../../apps/composition/catalogue.js';
import { startStandalone } from '../../apps/standalone/standalone.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { Readiness } from '../../libs/platform/health/readiness.js';
import { createLogger } from '../../libs/platform/logging/logger.js';
import { adoptLog } from '../../libs/projections/adopt-log.js';
import { LogContinuity } from '../../libs/subscriptions/log-continuity.js';
import { type EventStoreDBProcess, startEventStoreDB } from '../support/eventstoredb/server-process.js';
import { client, cloudEvent } from '../support/gatehouse.js';
import { prepareBuild, runToEnd, startProcess } from '../support/standalone-process.js';
import { createTestDatabase, urlOf } from '../support/test-database.js';
import { until } from '../support/until.js';

const logger = createLogger({ logLevel: 'fatal', logFormat: 'json' });
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

/** A backend that can be started again on the same database, and a log that can be put back to an older copy. */
async function openWorld(keep: 'PostgreSQL' | 'EventStoreDB') {
  const database = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-another-log-'));
  cleanUp.push(
    () => rm(directory, { recursive: true, force: true }),
    () => database.drop(),
  );
  const data = join(directory, 'log.jsonl');
  let server: EventStoreDBProcess | undefined;
  if (keep === 'EventStoreDB') {
    server = await startEventStoreDB({ data });
    cleanUp.push(async () => server!.stop());
  }
  const settings = readSettings({
    GATEHOUSE_PORT: '0',
    GATEHOUSE_DATA: directory,
    ...(server && { GATEHOUSE_EVENTSTORE_URL: server.url }),
  });
  const start = async (mismatch?: (error: Error) => void) => {
    const options = { settings, connection: database.connection, logger, background: false };
    const backend = await startStandalone({ ...options, ...(mismatch && { mismatch }) });
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= backend.close();
      return closing;
    };
    cleanUp.push(close);
    return { ...backend, close };
  };
  return {
    start,
    /** Stores flags of images, and processes them. */
    async flag(backend: Awaited<ReturnType<typeof start>>, ...images: string[]) {
      await backend.runtime.store.append([
        {
          stream: 'facts-0',
          expected: 'any',
          events: images.map((imageId) => {
            const { data } = cloudEvent('ContentFlagged', {
              imageId,
              flaggedBy: 'det-1',
              flaggerKind: 'detector',
              categories: ['violent'],
            });
            return {
              id: crypto.randomUUID(),
              type: 'ContentFlagged',
              data,
              metadata: {
                source: '/test',
                subject: `image-${imageId}`,
                time: new Date().toISOString(),
                schemaversion: 1,
                correlationid: imageId,
                actor: { kind: 'service' as const, id: 'det-1' },
              },
            };
          }),
        },
      ]);
      await backend.settle();
      await backend.runtime.continuity.note();
    },
    async backUp() {
      if (server) await copyFile(data, `${data}.old`);
    },
    /** Puts the log back to the older copy. */
    async restore(backend: Pick<Awaited<ReturnType<typeof start>>, 'runtime'>, head: number) {
      if (server) {
        const { port } = server;
        await server.stop();
        await copyFile(`${data}.old`, data);
        server = await startEventStoreDB({ data, port });
        return;
      }
      const { pool } = backend.runtime;
      await pool.query('DELETE FROM log.events WHERE position > $1', [head]);
      await pool.query('DELETE FROM log.streams s WHERE NOT EXISTS (SELECT FROM log.events WHERE stream_id = s.id)');
      await pool.query(
        'UPDATE log.streams s SET revision = (SELECT max(revision) FROM log.events WHERE stream_id = s.id)',
      );
      await pool.query('UPDATE log.head SET position = $1', [head]);
    },
  };
}

describe.each(['PostgreSQL', 'EventStoreDB'] as const)('a log in %s that is older than the database', (keep) => {
  it('is not served, by a running process or a new one, until it is adopted with a list of what it lacks', async () => {
    const world = await openWorld(keep);
    const mismatches: string[] = [];
    const first = await world.start(({ message }) => mismatches.push(message));
    await world.flag(first, 'img-1');
    const head = await first.runtime.store.head();
    await world.backUp();
    await world.flag(first, 'img-2', 'img-3');
    await world.restore(first, head);

    await until(async () => mismatches.length > 0);
    expect((await first.app.get(Readiness).report()).checks.log).toBe(mismatches[0]);
    const { pool, locks, rebuilder, store } = first.runtime;
    const line = new RegExp(
      `has processed event \\S+ at \\d+, but the log ends at ${head}; connect .* or stop every process and run "gatehouse adopt-log"`,
    );
    expect(mismatches).toEqual([expect.stringMatching(line)]);
    await expect(world.start()).rejects.toMatchObject({ code: 'log-mismatch', message: expect.stringMatching(line) });
    // The command holds them until its process ends.
    const releaseAll = async () => {
      for (const { follower } of (await pool.query('SELECT DISTINCT follower FROM projections.checkpoints')).rows)
        await locks.release(follower);
      for (const shard of [0, 1, 2, 3]) await locks.release(`projector:lane:${shard}`);
    };
    await releaseAll();

    const renewEpoch = () => first.runtime.epoch.renew();
    const adopted = await adoptLog({ pool, store, locks, rebuilder }, catalogue.views, renewEpoch);
    expect(adopted).toMatchObject({ adopted: true, head });
    const lacking = Object.fromEntries(adopted.views.map(({ view, missing }) => [view, missing.keys]));
    expect(lacking).toMatchObject({ cases: ['img-2', 'img-3'] });
    expect(adopted.consumers.every(({ after, known }) => known && after <= head)).toBe(true);
    await new LogContinuity(pool, store).check();
    await releaseAll();
    const repeated = await adoptLog({ pool, store, locks, rebuilder }, catalogue.views, () => {
      throw new Error('the epoch is renewed for nothing');
    });
    expect(repeated).toEqual({ adopted: false, head, consumers: [], views: [] });
    await first.close();

    const again = await world.start();
    await world.flag(again, 'img-2');
    const { rows } = await again.runtime.pool.query(
      `SELECT DISTINCT position::float8 AS position FROM projections.checkpoints WHERE follower LIKE 'view:%'`,
    );
    expect(rows).toEqual([{ position: await again.runtime.store.head() }]);
    await again.close();
  });
});

it('ends a running process, refuses a start, and is served once the command line has adopted it', async () => {
  prepareBuild();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-another-log-'));
  const data = join(directory, 'log.jsonl');
  const database = await createTestDatabase();
  let server = await startEventStoreDB({ data });
  cleanUp.push(
    () => rm(directory, { recursive: true, force: true }),
    () => database.drop(),
    () => server.stop(),
  );
  const key = randomBytes(32).toString('base64');
  const env = {
    GATEHOUSE_DATABASE_URL: urlOf(database.connection),
    GATEHOUSE_EVENTSTORE_URL: server.url,
    GATEHOUSE_MASTER_KEY: key,
    GATEHOUSE_IDENTITY_KEY: key,
    GATEHOUSE_KEY_DIRECTORY: join(directory, 'keys'),
  };
  const first = await startProcess(env);
  const sender = client(first.url, first.token!);
  const pool = new pg.Pool(database.connection);
  cleanUp.push(() => pool.end());
  const flagged = { flaggedBy: 'det-1', flaggerKind: 'detector', categories: ['violent'] };
  const post = async (imageId: string) =>
    expect((await sender.post('/v1/events', cloudEvent('ContentFlagged', { imageId, ...flagged }))).status).toBe(202);
  const isNoted = async () => {
    const { body } = await sender.get('/v1/status');
    const { rows } = await pool.query(
      'SELECT FROM projections.checkpoints WHERE position < $1 OR event_position IS DISTINCT FROM position',
      [body.head],
    );
    return rows.length === 0;
  };
  await post('img-1');
  await until(isNoted);
  await copyFile(data, `${data}.old`);
  await post('img-2');
  await until(async () => (await sender.get('/v1/cases/img-2')).status === 200);
  await until(isNoted);
  await server.stop();
  await copyFile(`${data}.old`, data);
  server = await startEventStoreDB({ data, port: server.port });

  expect(await first.stop('SIGCONT')).toBe(1); // it ends by itself
  const line = /gatehouse: this log is not the one .* has processed event \S+ at \d+, but the log ends at \d+; /;
  expect(first.output()).toMatch(line);
  const refused = await runToEnd(env);
  expect(refused).toMatchObject({ code: 1, errors: [expect.stringMatching(line)] });
  const command = [join('apps', 'launch.mjs'), 'cli', 'adopt-log', '--json'];
  const adopted = execFileSync(process.execPath, command, { env: { PATH: process.env.PATH, ...env } });
  expect(JSON.parse(adopted.toString())).toMatchObject({
    adopted: true,
    views: expect.arrayContaining([expect.objectContaining({ view: 'cases', missing: { rows: 1, keys: ['img-2'] } })]),
  });
  const again = await startProcess(env);
  const reader = client(again.url, first.token!);
  expect((await reader.get('/v1/cases/img-1')).status).toBe(200);
  expect((await reader.get('/v1/cases/img-2')).status).toBe(404);
  expect(await again.stop('SIGTERM')).toBe(0);
});

describe.each(['PostgreSQL', 'EventStoreDB'] as const)('another log in %s', (keep) => {
  it('is not served even if it is as long', async () => {
    const world = await openWorld(keep);
    const backend = await world.start();
    await world.flag(backend, 'img-1');
    const { pool } = backend.runtime;
    await pool.query(
      `UPDATE projections.checkpoints SET event_id = gen_random_uuid() WHERE follower LIKE 'view:images:%'`,
    );
    await expect(world.start()).rejects.toMatchObject({
      message: expect.stringMatching(
        /^this log is not the one .*view:images:\S+ has processed event \S+ at \d+, but the log has \S+ there/,
      ),
    });
    await backend.close();
  });
});
