import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { client, cloudEvent } from '../support/gatehouse.js';
import { prepareBuild, runToEnd, type StandaloneProcess, startProcess } from '../support/standalone-process.js';
import { createTestDatabase, type TestDatabase, urlOf } from '../support/test-database.js';
import { until } from '../support/until.js';

const ROLES = ['gateway', 'projector', 'reactor'];

describe('roles', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let keys: string;
  const running = new Map<string, StandaloneProcess>();

  beforeAll(async () => {
    prepareBuild();
    database = await createTestDatabase();
    keys = await mkdtemp(join(tmpdir(), 'gatehouse-roles-'));
    env = {
      GATEHOUSE_DATABASE_URL: urlOf(database.connection),
      GATEHOUSE_MASTER_KEY: randomBytes(32).toString('base64'),
      GATEHOUSE_IDENTITY_KEY: randomBytes(32).toString('base64'),
      GATEHOUSE_KEY_DIRECTORY: keys,
    };
  }, 120_000);
  afterAll(async () => {
    for (const one of running.values()) await one.stop('SIGKILL');
    await database.drop();
    await rm(keys, { recursive: true, force: true });
  });

  it.each([
    ['projector', 'GATEHOUSE_DATABASE_URL is not set, but projector shares its database with the other roles'],
    ['publisher', 'GATEHOUSE_KAFKA_BROKERS is not set'],
  ])('name the missing setting in one line: %s', async (role, line) => {
    const { code, errors } = await runToEnd(role === 'publisher' ? env : {}, role);
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringContaining(`gatehouse: ${line}`)]);
  });

  it('work together on one database, each with health and metrics, and drain on a stop signal', async () => {
    const starting = ROLES.map(async (role) => {
      const more: Record<string, string> = role === 'gateway' ? { GATEHOUSE_NEW_ADMINISTRATOR_TOKEN: 'on' } : {};
      running.set(role, await startProcess({ ...env, ...more }, role));
    });
    await Promise.all(starting);
    const { url, token } = running.get('gateway')!;
    const administrator = client(url, token);
    const image = { imageId: 'img-1', accountId: 'acc-1' };
    const flag = { imageId: 'img-1', flaggedBy: 'acc-2', flaggerKind: 'user', categories: ['violent'] };
    const events = [cloudEvent('ImageGenerated', image), cloudEvent('ContentFlagged', flag)];
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    expect((await administrator.post('/v1/events', events, headers)).status).toBe(202);
    // The reactor opens a case, and the projector adds it to the queue.
    await until(async () => (await administrator.get('/v1/cases')).body.items?.length > 0);

    const status = async () => (await administrator.get('/v1/status')).body;
    await until(async () => (await status()).ready);
    const { checks, processes } = await status();
    expect(checks.roles).toBe('ok');
    expect(processes.map(({ roles: [role] }: { roles: string[] }) => role).sort()).toEqual(ROLES);
    expect(processes.map(({ pid }: { pid: number }) => pid).sort()).toEqual(
      [...running.values()].map(({ pid }) => pid).sort(),
    );

    for (const [role, { url }] of running) {
      const server = client(url);
      expect((await server.get('/health/ready')).body).toMatchObject({ ready: true });
      expect((await server.get('/metrics')).body).toMatch(/^gatehouse_log_head_position \d+$/m);
      expect((await server.get('/v1/status')).status).toBe(role === 'gateway' ? 401 : 404);
    }
    // One that is killed is missed once its last heartbeat is old enough.
    await running.get('projector')!.stop('SIGKILL');
    const operatorOfDatabase = new pg.Client(database.connection);
    await operatorOfDatabase.connect();
    const silence = `UPDATE platform.processes SET seen_at = seen_at - interval '15 seconds' WHERE 'projector' = ANY (roles)`;
    expect((await operatorOfDatabase.query(silence)).rowCount).toBe(1);
    await operatorOfDatabase.end();
    const missing = async () => (await status()).checks.roles;
    await until(async () => (await missing()) === 'no projector is running: start one');
    running.delete('projector');
    // One that stops in order is missed at once.
    expect(await running.get('reactor')!.stop('SIGTERM')).toBe(0);
    running.delete('reactor');
    await until(async () => (await missing()) === 'no projector and no reactor is running: start one');
    expect((await status()).ready).toBe(false);
    for (const [role, one] of running) {
      // The exit code is not 0 if it exceeded its own time limit.
      expect([role, await one.stop('SIGTERM')]).toEqual([role, 0]);
      running.delete(role);
    }
  }, 120_000);
});
