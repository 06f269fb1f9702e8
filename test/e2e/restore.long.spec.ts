import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { renewLogEpoch } from '../../apps/composition/named-log.js';
import { type Standalone, startStandalone } from '../../apps/standalone/standalone.js';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { Readiness } from '../../libs/platform/health/readiness.js';
import { createLogger } from '../../libs/platform/logging/logger.js';
import { caughtUp } from '../support/caught-up.js';
import { type Client, client, cloudEvent, startGatehouse } from '../support/gatehouse.js';
import { readEventStream } from '../support/read-event-stream.js';
import { copyDatabase, createTestDatabase, type TestDatabase, urlOf } from '../support/test-database.js';
import { viewsJob } from '../support/views-job.js';

const subject = { type: 'account', id: 'acc-1' };
const question = (minPosition: string) => ({
  subject,
  action: { name: 'generate' },
  resource: { type: 'product', id: 'images' },
  context: { minPosition },
});

/** A backup is taken, more is stored, the backup is restored: what docs/operations/backup.md says must hold. */
describe('a restore from a backup', () => {
  let directory: string;
  let database: TestDatabase;
  let backup: TestDatabase;
  let running: Standalone;
  let token: string;
  /** What a reader knew before the restore: the id of its last message, and the head. */
  let known: { lastEventId: string; epoch: string; head: string };
  const databases: TestDatabase[] = [];

  const start = (connection: TestDatabase['connection']): Promise<Standalone> =>
    startStandalone({
      settings: readSettings({
        GATEHOUSE_PORT: '0',
        GATEHOUSE_DATA: directory,
        GATEHOUSE_STALENESS_MS: '600000',
        GATEHOUSE_ANSWER_LIMIT_MS: '600000',
        GATEHOUSE_ACCESS_WAIT_MS: '100',
      }),
      connection,
      logger: createLogger({ logLevel: 'silent', logFormat: 'json' }),
      background: true,
    });
  const facts = (count: number, of: string) =>
    Array.from({ length: count }, (_, n) =>
      cloudEvent('ImageGenerated', { imageId: `${of}-${n}`, accountId: 'acc-1' }),
    );
  const administrator = (): Client => client(running.url, token);
  const store = async (count: number, of: string): Promise<void> => {
    expect((await administrator().post('/v1/events', facts(count, of))).status).toBe(202);
  };
  const publicEvents = async (after: string) => {
    const images: string[] = [];
    for (let next = after, atHead = false; !atHead; ) {
      const { body } = await administrator().get(`/v1/events?after=${next}`);
      images.push(...body.events.map((event: { data: { imageId: string } }) => event.data.imageId));
      ({ next, atHead } = body);
    }
    return images;
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-data-'));
    database = await createTestDatabase();
    running = await start(database.connection);
    token = (
      await running.app.get(TokenRegistry).create({ name: 'drill', roles: ['administrator'], createdBy: 'test' })
    ).secret;
    await store(20, 'kept');
    await caughtUp(administrator());
    await running.close();
    backup = await copyDatabase(database);

    running = await start(database.connection);
    await store(30, 'lost');
    await caughtUp(administrator());
    const { body, headers } = await administrator().get('/v1/status');
    let lastEventId = '';
    for await (const { id, data } of readEventStream(`${running.url}/v1/events`, token)) {
      lastEventId = id;
      if (data.data.imageId === 'lost-29') break;
    }
    known = { lastEventId, epoch: headers.get('gatehouse-log-epoch')!, head: body.head };
    await running.close();
  });
  beforeEach(async () => {
    const restored = await copyDatabase(backup);
    databases.push(restored);
    const url = urlOf(restored.connection);
    const epoch = await renewLogEpoch({ GATEHOUSE_DATABASE_URL: url, GATEHOUSE_DATA: directory });
    expect(epoch).not.toBe(known.epoch);
    running = await start(restored.connection);
    expect((await administrator().get('/v1/status')).headers.get('gatehouse-log-epoch')).toBe(epoch);
  });
  afterEach(() => running.close());
  afterAll(async () => {
    for (const one of [database, backup, ...databases]) await one.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it('refuses every position that the log does not reach', async () => {
    for (const after of [known.head, known.lastEventId]) {
      for (const path of [`/v1/events?after=${after}`, `/v1/log?after=${after}`]) {
        const { status, body } = await administrator().get(path);
        expect([path, status, body.type]).toEqual([path, 410, expect.stringMatching(/position-gone$/)]);
      }
      const stream = await administrator().get('/v1/events', { accept: 'text/event-stream', 'last-event-id': after });
      expect(stream.status).toBe(410);
      expect((await administrator().post('/access/v1/evaluation', question(after))).status).toBe(410);
      expect((await administrator().get(`/v1/accounts/acc-1?asOf=${after}`)).status).toBe(410);
    }
  });

  it('refuses a position of the earlier epoch even when the log has grown past it', async () => {
    await store(100, 'new');
    await caughtUp(administrator());
    expect(Number((await administrator().get('/v1/status')).body.head)).toBeGreaterThan(Number(known.head));
    const [, position] = known.lastEventId.split('-');
    expect((await administrator().get(`/v1/events?after=${known.lastEventId}`)).status).toBe(410);
    const account = await administrator().get(`/v1/accounts/acc-1?asOf=${known.epoch}-${position}`);
    expect(account.status).toBe(410);
    const stream = { accept: 'text/event-stream', 'last-event-id': known.lastEventId };
    expect((await administrator().get('/v1/events', stream)).status).toBe(410);
    expect((await administrator().post('/access/v1/evaluation', question(known.lastEventId))).status).toBe(410);
  });

  it('skips nothing: readers that start again and our own consumers see all that is stored now', async () => {
    await store(100, 'new');
    await caughtUp(administrator());
    const images = await publicEvents('0');
    expect(images).toHaveLength(120);
    expect(images.filter((id) => id.startsWith('lost-'))).toEqual([]);
    const { comparisons } = await viewsJob(administrator(), 'verify');
    expect(comparisons!.filter(({ equal }) => !equal)).toEqual([]);
    for (const id of ['kept-19', 'new-99']) expect((await administrator().get(`/v1/images/${id}`)).status).toBe(200);
    // What was acknowledged after the backup can be sent again.
    await store(30, 'lost');
    await caughtUp(administrator());
    expect((await administrator().get('/v1/images/lost-29')).status).toBe(200);
  });
});

it('stops serving once the log has another epoch, since what is in memory may not be in that log', async () => {
  const gatehouse = await startGatehouse();
  try {
    const { epoch, pool } = gatehouse.runtime;
    const log = async () => (await gatehouse.app.get(Readiness).report()).checks.log;
    const before = epoch.current;
    await epoch.refresh();
    expect(await log()).toBe('ok');
    // As after a failover, which changes the timeline of the server.
    await pool.query(`UPDATE log.epoch SET server = split_part(server, '/', 1) || '/0000002A'`);
    await epoch.refresh();
    expect(await log()).toMatch(`the epoch of the log is ${epoch.current} now, no longer ${before}`);
  } finally {
    await gatehouse.close();
  }
});
