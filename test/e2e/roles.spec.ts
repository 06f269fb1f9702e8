import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client, cloudEvent } from '../support/gatehouse.js';
import { prepareBuild, runToEnd, type StandaloneProcess, startProcess } from '../support/standalone-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

const ROLES = ['gateway', 'projector', 'reactor'];

describe('roles', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  const running = new Map<string, StandaloneProcess>();

  beforeAll(async () => {
    prepareBuild();
    database = await createTestDatabase();
    const { host, port, user, password, database: name } = database.connection;
    env = {
      GATEHOUSE_DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${name}`,
      GATEHOUSE_MASTER_KEY: randomBytes(32).toString('base64'),
      GATEHOUSE_IDENTITY_KEY: randomBytes(32).toString('base64'),
    };
  }, 120_000);
  afterAll(async () => {
    for (const one of running.values()) await one.stop('SIGKILL');
    await database.drop();
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

    for (const [role, { url }] of running) {
      const server = client(url);
      expect((await server.get('/health/ready')).body).toMatchObject({ ready: true });
      expect((await server.get('/metrics')).body).toMatch(/^gatehouse_log_head_position \d+$/m);
      expect((await server.get('/v1/status')).status).toBe(role === 'gateway' ? 401 : 404);
    }
    for (const [role, one] of running) {
      // The exit code is not 0 if it exceeded its own time limit.
      expect([role, await one.stop('SIGTERM')]).toEqual([role, 0]);
      running.delete(role);
    }
  }, 120_000);
});
