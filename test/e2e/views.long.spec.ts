import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { caughtUp } from '../support/caught-up.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { until } from '../support/until.js';
import { type ViewsJob, viewsJob } from '../support/views-job.js';

type Comparisons = NonNullable<ViewsJob['comparisons']>;

async function job(administrator: Client, kind: 'verify' | 'rebuild', views?: string[]): Promise<Comparisons> {
  const ended = await viewsJob(administrator, kind, views);
  expect([kind, ended.status, ended.error]).toEqual([kind, 'done', undefined]);
  return ended.comparisons!;
}
const unequal = (comparisons: Comparisons) => comparisons.filter(({ equal }) => !equal).map(({ view }) => view);

/** Events of people, images and reviewers on few ids, so that many concern the same one. */
const id = (prefix: string, most: number) => fc.integer({ min: 1, max: most }).map((n) => `${prefix}-${n}`);
const [account, image] = [id('acc', 5), id('img', 6)];
const happening = fc.oneof(
  fc
    .record({ imageId: image, accountId: account, photorealistic: fc.boolean() })
    .map((data) => cloudEvent('ImageGenerated', data)),
  fc.record({ imageId: image, accountId: account }).map((data) => cloudEvent('ImageShared', data)),
  fc.record({ imageId: image, accountId: account }).map((data) => cloudEvent('ImageDownloaded', data)),
  fc
    .record({ imageId: image, flaggedBy: account, categories: fc.subarray(['violent', 'hate']) })
    .map((data) => cloudEvent('ContentFlagged', { ...data, flaggerKind: 'user' })),
  fc
    .record({ caseId: image, reviewer: id('rev', 3), verdict: fc.constantFrom('safe', 'unsafe') })
    .map((data) => cloudEvent('VerdictGiven', data)),
  account.map((accountId) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@example.org` })),
  account.map((accountId) => cloudEvent('AccountDeactivated', { accountId, reason: 'chargeback', categories: [] })),
  fc
    .tuple(id('cohort', 9), account)
    .map(([cohortId, one]) => cloudEvent('CohortOnboarded', { cohortId, accounts: [one], perWeek: 1000 })),
);
const times = fc
  .integer({ min: 0, max: 14 * 86_400 })
  .map((seconds) => new Date(Date.UTC(2022, 4, 1, 0, 0, seconds)).toISOString());
const timed = fc.tuple(happening, times).map(([event, time]) => ({ ...event, time }));

describe('the views', () => {
  let gatehouse: TestGatehouse;
  let service: Client;

  beforeAll(async () => {
    gatehouse = await startGatehouse({ background: true, env: { GATEHOUSE_SCHEDULER: 'off' } });
    service = await gatehouse.as('reporter', 'service');
    await (await gatehouse.as('olga', 'operator')).put('/v1/rollout/rate', {
      perWeek: 1000,
      reason: 'a test',
      confirm: 1000,
    });
  });
  afterAll(() => gatehouse.close());

  const report = async (events: unknown[]) => expect((await service.post('/v1/events', events)).status).toBe(202);

  it('equal their replay after any events, repeated and in any order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(timed, { minLength: 20, maxLength: 80, size: 'max' }),
        fc.integer(),
        async (events, cut) => {
          await report(events);
          const again = events.toReversed();
          await Promise.all([report(again), report(again.slice(Math.abs(cut) % again.length)), report(events)]);
          expect(unequal(await job(gatehouse.administrator, 'verify'))).toEqual([]);
          await caughtUp(service);
          const { items } = (await gatehouse.administrator.get('/v1/views')).body;
          expect(items.flatMap(({ parked }: { parked: unknown[] }) => parked)).toEqual([]);
        },
      ),
      { numRuns: 4 },
    );
    expect(unequal(await job(gatehouse.administrator, 'verify'))).toEqual([]);
  });

  it('are verified, and a rebuild fixes a changed row', async () => {
    const { pool } = gatehouse.runtime;
    await caughtUp(service);
    const { rows } = await pool.query(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.columns WHERE column_name = 'photorealistic'`,
    );
    for (const { name } of rows)
      await pool.query(`UPDATE ${name} SET photorealistic = NOT coalesce(photorealistic, false)`);
    expect(unequal(await job(gatehouse.administrator, 'verify'))).toEqual(['images']);
    await job(gatehouse.administrator, 'rebuild', ['images']);
    expect(unequal(await job(gatehouse.administrator, 'verify'))).toEqual([]);
  });

  it('answer while they are rebuilt and events come in', async () => {
    const sample = fc.sample(timed, 800);
    const writing = Array.from({ length: 2 }, async (_, writer) => {
      for (let n = writer; n < 16; n += 2) await report(sample.slice(n * 50, n * 50 + 50));
    });
    const rebuilding = job(gatehouse.administrator, 'rebuild');
    const reading = (async () => {
      for (let n = 0; n < 30; n++) expect((await gatehouse.administrator.get('/v1/cases')).status).toBe(200);
    })();
    await Promise.all([rebuilding, reading, ...writing]);
    expect(unequal(await job(gatehouse.administrator, 'verify'))).toEqual([]);
  });

  it('are refused by name if they are unknown, as are unknown jobs', async () => {
    const { administrator } = gatehouse;
    expect((await administrator.post('/v1/views/verify', { views: ['nonsense'] })).body.errors[0].field).toBe('/views');
    expect((await administrator.get('/v1/views/jobs/nonsense')).status).toBe(404);
  });
});

describe('two processes on one database', () => {
  let idle: TestGatehouse;
  let working: Standalone[];
  beforeAll(async () => {
    idle = await startGatehouse({ env: { GATEHOUSE_SCHEDULER: 'off' } });
    working = [await idle.beside({ background: true }), await idle.beside({ background: true })];
    await until(async () =>
      (await idle.administrator.get('/v1/views')).body.items.every(({ live }: { live: boolean }) => live),
    );
  });
  afterAll(async () => {
    for (const process of working) await process.close();
    await idle.close();
  });

  it('share the work without doing any twice, both answer, and one takes over from the other', async () => {
    const [one, other] = working.map(({ url }) => client(url, idle.administratorToken)) as [Client, Client];
    await one.put('/v1/rollout/rate', { perWeek: 100, reason: 'a test', confirm: 100 });
    const events = fc.sample(timed, 400);
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        (n % 2 === 0 ? one : other).post('/v1/events', events.slice(n * 50, n * 50 + 50)),
      ),
    );
    for (const reader of [one, other]) expect((await reader.get('/v1/cases?limit=1')).status).toBe(200);
    expect(unequal(await job(other, 'verify'))).toEqual([]);
    await expectOneReactionEach(other);

    const { accountId, position } = (await one.post('/v1/waitlist', { email: 'handed-over@example.org' })).body;
    const question = {
      subject: { type: 'account', id: accountId },
      action: { name: 'join' },
      resource: { type: 'waitlist', id: 'w' },
    };
    const answer = await other.post('/access/v1/evaluation', { ...question, context: { minPosition: position } });
    expect(answer.body).toMatchObject({ decision: true });

    // The first process owns every shard; the other has to take them over.
    await working.shift()!.close();
    const imageId = 'after-the-close';
    await other.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId, accountId }),
      cloudEvent('ContentFlagged', { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] }),
    ]);
    await until(async () => (await other.get(`/v1/cases/${imageId}`)).status === 200);
    await judge(other, imageId, 'unsafe');
    await until(async () => (await other.get(`/v1/accounts/${accountId}`)).body.deactivated);
    expect(unequal(await job(other, 'verify'))).toEqual([]);
    await expectOneReactionEach(other);
  });

  async function expectOneReactionEach(reader: Client): Promise<void> {
    const { events } = (await reader.get('/v1/log?types=AccountDeactivated,CaseOpened&limit=2000')).body;
    const keys = events.map(
      ({ type, data }: { type: string; data: { accountId: string; caseId: string; round: number } }) =>
        type === 'CaseOpened' ? `${data.caseId} ${data.round}` : data.accountId,
    );
    expect(new Set(keys).size).toBe(keys.length);
  }
});
