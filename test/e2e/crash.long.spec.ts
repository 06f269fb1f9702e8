import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../libs/platform/embedded-postgres/embedded-postgres.js';
import { type Client, client, cloudEvent } from '../support/gatehouse.js';
import { prepareBuild, runToEnd, type StandaloneProcess, startProcess } from '../support/standalone-process.js';
import { until } from '../support/until.js';
import { viewsJob } from '../support/views-job.js';

const WRITERS = 6;

let directory: string;
let running: StandaloneProcess | undefined;
let token: string;
let events = 0;

beforeAll(async () => {
  prepareBuild();
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-crash-'));
}, 120_000);
afterAll(async () => {
  await running?.stop('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

/** Sends events until the process is gone, and records the acknowledged position of each. */
async function report(writer: Client, acknowledged: Map<string, string>): Promise<void> {
  for (;;) {
    const batch = Array.from({ length: 20 }, () => {
      const n = ++events;
      if (n % 40 === 0) return cloudEvent('WaitlistJoined', { accountId: `acc-${n}`, email: `p${n}@example.org` });
      const type = n % 7 === 0 ? 'ImageShared' : 'ImageGenerated';
      return cloudEvent(type, { imageId: `img-${n}`, accountId: `acc-${n % 50}` });
    });
    const answer = await writer.post('/v1/events', batch).catch(() => undefined);
    if (!answer) return; // the connection was cut, so nobody knows whether these are stored
    expect([202, 503]).toContain(answer.status);
    for (const [n, { outcome, position }] of (answer.body.results ?? []).entries()) {
      expect(outcome).toBe('accepted');
      const { imageId, accountId } = batch[n]!.data as Record<string, string>;
      acknowledged.set(imageId ?? accountId!, position);
    }
  }
}

/** Sends concurrently. Resolves once so many events are acknowledged, with a promise that ends when the process is gone. */
async function reportAtOnce(url: string, acknowledged: Map<string, string>, enough: number) {
  let isCut = false;
  const writers = Array.from({ length: WRITERS }, () => report(client(url, token), acknowledged));
  const writing = Promise.all(writers).finally(() => {
    isCut = true;
  });
  await Promise.race([until(() => acknowledged.size >= enough || isCut), writing]);
  return { writing };
}

async function stored(reader: Client): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (let next = '0', atHead = false; !atHead; ) {
    const { body } = await reader.get(`/v1/events?after=${next}&limit=2000`);
    for (const { data, position } of body.events) {
      const key = data.imageId ?? data.accountId;
      found.set(key, [...(found.get(key) ?? []), position]);
    }
    ({ next, atHead } = body);
  }
  return found;
}

async function verified(administrator: Client): Promise<unknown[]> {
  const { error, comparisons = [] } = await viewsJob(administrator, 'verify');
  return [error, ...comparisons.filter(({ equal }) => !equal)];
}

describe('the backend as a process', () => {
  it('prints the administrator token at its first start only, with its address and data directory', async () => {
    running = await startProcess({ GATEHOUSE_DATA: directory });
    token = running.token!;
    expect(running.output()).toContain(directory);
    expect((await client(running.url, token).get('/v1/tokens')).body.items).toMatchObject([{ name: 'administrator' }]);
    expect(await running.stop('SIGTERM')).toBe(0);
    running = await startProcess({ GATEHOUSE_DATA: directory });
    expect(running.token).toBeUndefined();
    expect((await client(running.url, token).get('/v1/status')).status).toBe(200);
  });

  it('has every acknowledged event exactly once after being killed under load, twice', async () => {
    const acknowledged = new Map<string, string>();
    for (let round = 0; round < 2; round++) {
      const process = running!;
      const { writing } = await reportAtOnce(process.url, acknowledged, acknowledged.size + 1_500);
      expect(await process.stop('SIGKILL')).toBeNull();
      await writing;
      running = await startProcess({ GATEHOUSE_DATA: directory });
      console.info(`ready ${Math.round(running.readyMs)} ms after a kill`);
      const found = await stored(client(running.url, token));
      const wrong = [...acknowledged].filter(([key, position]) => found.get(key)?.join() !== position);
      expect(wrong).toEqual([]);
      expect([...found].filter(([, positions]) => positions.length > 1)).toEqual([]);
      expect(await verified(client(running.url, token))).toEqual([undefined]);
    }
  });

  it('stops under load within ten seconds, with exit code 0 and every acknowledged event stored', async () => {
    const acknowledged = new Map<string, string>();
    const process = running!;
    const { writing } = await reportAtOnce(process.url, acknowledged, 500);
    // The exit code is not 0 if it exceeded its own time limit.
    expect(await process.stop('SIGTERM')).toBe(0);
    await writing;
    running = await startProcess({ GATEHOUSE_DATA: directory });
    const found = await stored(client(running.url, token));
    expect([...acknowledged].filter(([key, position]) => found.get(key)?.join() !== position)).toEqual([]);
  });
});

describe('a failed start', () => {
  it('is explained in one line if the port is busy', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ended = await runToEnd({ GATEHOUSE_DATA: join(directory, 'busy'), GATEHOUSE_PORT: String(port) });
    server.close();
    expect(ended).toMatchObject({
      code: 1,
      output: '',
      errors: [expect.stringMatching(/^gatehouse: port \d+ .*in use.*GATEHOUSE_PORT/)],
    });
  });

  it('is explained in one line if the directory is not writable', async () => {
    // Root ignores file modes, but can't write to the kernel's own file system.
    const closed = process.getuid?.() === 0 ? '/sys/closed' : join(directory, 'closed');
    if (!closed.startsWith('/sys')) await mkdir(closed, { mode: 0o555 });
    const ended = await runToEnd({ GATEHOUSE_DATA: join(closed, 'data') });
    expect(ended).toMatchObject({
      code: 1,
      errors: [expect.stringMatching(/^gatehouse: .*closed.* (can't be used by this user|read-only).*GATEHOUSE_DATA/)],
    });
  });

  it('is explained in one line if the disk is full during migrations', async () => {
    const postgres = await startEmbeddedPostgres({ directory: join(directory, 'full', 'postgres') });
    const database = new pg.Client({ ...postgres.superuser, database: 'gatehouse' });
    await database.connect();
    await database.query(
      `CREATE FUNCTION run_full() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
         RAISE disk_full USING MESSAGE = 'could not extend file "base/5/1259": No space left on device';
       END $$;
       CREATE EVENT TRIGGER run_full ON ddl_command_end EXECUTE FUNCTION run_full()`,
    );
    await database.end();
    await postgres.stop();
    const ended = await runToEnd({ GATEHOUSE_DATA: join(directory, 'full') });
    expect(ended).toMatchObject({
      code: 1,
      errors: [expect.stringMatching(/^gatehouse: no space is left.*free some/)],
    });
  });

  it.each([
    [{ GATEHOUSE_PORT: 'http' }, /^gatehouse: GATEHOUSE_PORT is "http"/],
    [{ GATEHOUSE_PROT: '1' }, /^gatehouse: GATEHOUSE_PROT is not a setting: did you mean GATEHOUSE_PORT\?/],
    [
      { GATEHOUSE_DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' },
      /^gatehouse: the database (?!.*secret).*GATEHOUSE_DATABASE_URL/,
    ],
    [{ GATEHOUSE_HOST: '192.0.2.1' }, /^gatehouse: can't listen on 192\.0\.2\.1/],
  ])('is explained in one line for the setting %j', async (env, line) => {
    const ended = await runToEnd({ GATEHOUSE_DATA: join(directory, 'setting'), ...(env as Record<string, string>) });
    expect(ended).toMatchObject({ code: 1, errors: [expect.stringMatching(line)] });
  });
});
