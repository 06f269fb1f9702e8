import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type Client, client, cloudEvent } from '../support/gatehouse.js';
import { findSmallDisk, leaveOnDisk, mountPoint } from '../support/small-disk.js';
import { prepareBuild, type StandaloneProcess, startProcess } from '../support/standalone-process.js';
import { viewsJob } from '../support/views-job.js';

const DISK = '192m';
/** Less than a segment of PostgreSQL's write-ahead log, more than its tables grow by while they fill one. */
const BELOW_A_SEGMENT = 12 * 1024 * 1024;
const WRITERS = 4;
const BATCH = 100;
const LIMIT_MS = 240_000;

const smallDisk = findSmallDisk();
if (smallDisk) {
  describe('a full disk', () => {
    let directory: string;
    let running: StandaloneProcess;
    let administrator: Client;
    let images = 0;
    /** The acknowledged position of each image's event. */
    const acknowledged = new Map<string, string>();

    beforeAll(async () => {
      prepareBuild();
      directory = await mountPoint();
      running = await startProcess({ GATEHOUSE_DATA: directory }, 'standalone', smallDisk(DISK, directory));
      administrator = client(running.url, running.token);
    }, LIMIT_MS);
    afterAll(async () => {
      await running?.stop('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    });

    const leave = (bytes: number) => leaveOnDisk(running.pid, directory, bytes);
    const postgresLog = () =>
      readFile(join('/proc', String(running.pid), 'root', directory, 'postgres', 'postgres.log'), 'utf8');

    async function post(): Promise<Answer> {
      const batch = Array.from({ length: BATCH }, () => {
        const data = { imageId: `img-${++images}`, accountId: `acc-${images % 50}`, prompt: 'a fox '.repeat(50) };
        return cloudEvent('ImageGenerated', data);
      });
      const answer = await administrator.post('/v1/events', batch);
      if (answer.status !== 202) return answer;
      for (const [n, { outcome, position }] of answer.body.results.entries()) {
        expect(outcome).toBe('accepted');
        acknowledged.set(batch[n]!.data.imageId as string, position);
      }
      return answer;
    }

    /** Sends events until one is refused; each refusal must say why and what to do. */
    async function postUntilRefused(): Promise<void> {
      for (let refused = 0; refused === 0; ) {
        const answers = await Promise.all(Array.from({ length: WRITERS }, post));
        const refusals = answers.filter(({ status }) => status !== 202);
        for (const { status, headers, body } of refusals) {
          expect({ status, type: headers.get('content-type'), retryAfter: headers.get('retry-after') }).toEqual({
            status: 503,
            type: expect.stringContaining('application/problem+json'),
            retryAfter: '1',
          });
          expect(body).toMatchObject({
            type: expect.stringMatching(/\/disk-full$/),
            detail: expect.stringMatching(/free some space/),
          });
        }
        refused = refusals.length;
      }
    }

    async function postUntilTaken(): Promise<void> {
      for (let status = 0; status !== 202; ) ({ status } = await post());
    }

    /** Every acknowledged event is stored once at its acknowledged position, and every view equals its replay. */
    async function checkNothingLost(): Promise<void> {
      const found = new Map<string, string[]>();
      for (let next = '0', atHead = false; !atHead; ) {
        const { body } = await administrator.get(`/v1/events?after=${next}&limit=2000`);
        for (const { data, position } of body.events)
          found.set(data.imageId, [...(found.get(data.imageId) ?? []), position]);
        ({ next, atHead } = body);
      }
      expect([...acknowledged].filter(([image, position]) => found.get(image)?.join() !== position)).toEqual([]);
      expect([...found].filter(([, positions]) => positions.length > 1)).toEqual([]);
      expect(await differingViews()).toEqual([]);
    }

    /** Resolves once every view is built. */
    async function differingViews(): Promise<unknown[]> {
      for (;;) {
        const compared = (await viewsJob(administrator, 'verify')).comparisons ?? [];
        if (compared.length > 0 && compared.every(({ equal }) => equal !== undefined))
          return compared.filter(({ equal }) => !equal);
      }
    }

    it(
      'refuses events with a remedy, and continues without loss once space returns',
      async () => {
        await postUntilTaken();
        expect(await differingViews()).toEqual([]);
        await leave(0);
        await postUntilRefused();
        expect(await postgresLog()).toContain('could not extend file');
        expect((await administrator.get('/health/live')).status).toBe(200);
        await leave(Number.POSITIVE_INFINITY);
        await postUntilTaken();
        await checkNothingLost();
      },
      LIMIT_MS,
    );

    it(
      'does so too if PostgreSQL exits because it can’t write its own log',
      async () => {
        while (!(await postgresLog()).includes('PANIC')) {
          await leave(BELOW_A_SEGMENT);
          await postUntilRefused();
        }
        await postUntilRefused();
        expect((await administrator.get('/health/live')).status).toBe(200);
        expect((await administrator.get('/health/ready')).status).toBe(503);
        await leave(Number.POSITIVE_INFINITY);
        await postUntilTaken();
        await checkNothingLost();
        expect(await running.stop('SIGTERM')).toBe(0);
      },
      LIMIT_MS,
    );
  });
} else {
  // biome-ignore lint/suspicious/noSkippedTests: it needs a privilege that a test should not ask for
  it.skip('a full disk: this system does not permit mounting a small one', () => {});
}
