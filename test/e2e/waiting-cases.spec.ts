import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { DUE_AGAIN_MS } from '../../libs/review/claim-decisions.js';
import { CaseFactsReader } from '../../libs/review/features/case-facts.js';
import { flagProcessing } from '../../libs/review/features/flag-processing.js';
import { RoutingFactsReader } from '../../libs/review/features/routing-facts.js';
import { openingSettings } from '../../libs/review/flag-decisions.js';
import { VerdictClosing } from '../../libs/review/processes/verdict-closing.js';
import { WaitingCases } from '../../libs/review/queries/waiting-cases.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const WINDOW_MS = 60_000;
let now: number;
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let rob: Client;
let lena: Client;

beforeAll(async () => {
  now = Date.parse('2022-05-18T09:00:00Z');
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: {
      GATEHOUSE_VERDICT_WINDOW_MS: String(WINDOW_MS),
      GATEHOUSE_SCHEDULER: 'off',
      GATEHOUSE_CLAIMS_PER_REVIEWER: '0',
    },
  });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  rob = await gatehouse.as('rob', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const flag = (imageId: string, more: object = {}) =>
  service.post(
    '/v1/events',
    cloudEvent('ContentFlagged', {
      ...{ imageId, accountId: `owner-${imageId}`, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] },
      ...more,
    }),
  );
const queueFor = (category: string) => ({
  queues: [{ id: 'default' }, { id: 'other' }],
  rules: [{ queue: 'other', categories: [category] }],
  default: 'default',
  patienceHours: 24,
  reason: 'a test',
});
const next = (reviewer: Client, queue = 'default') => reviewer.post(`/v1/queues/${queue}/next`);
const nextId = async (reviewer: Client, queue?: string) => (await next(reviewer, queue)).body.claim?.caseId ?? null;
const allOf = async (reviewer: Client) => {
  const given: string[] = [];
  for (let id = await nextId(reviewer); id !== null; id = await nextId(reviewer)) given.push(id);
  return given;
};
const show = async (caseId: string) => (await lena.get(`/v1/cases/${caseId}`)).body;
const closing = () => {
  const { pool, transactor, logger } = gatehouse.runtime;
  return new VerdictClosing(pool, transactor, gatehouse.app.get(CaseFactsReader), { now: () => now }, logger);
};

it('routes a reopened case by the rules as they are then', async () => {
  await flag('reopened');
  await gatehouse.settle();
  await judge(rita, 'reopened', 'safe');
  await gatehouse.settle();
  now += WINDOW_MS;
  await closing().tick();
  expect((await show('reopened')).status).toBe('dismissed');
  await lena.put('/v1/queues', queueFor('violent'));
  await gatehouse.settle();
  expect((await lena.post('/v1/cases/reopened/reopen', { reason: 'again' })).status).toBe(200);
  expect(await show('reopened')).toMatchObject({ queue: 'other', round: 2, priorityParts: expect.any(Array) });
  await gatehouse.settle();
  expect(await nextId(rita, 'other')).toBe('reopened');
});

it('routes a case in the end that was stored as the rules changed, although the process ended then', async () => {
  const { runtime, app } = gatehouse;
  const { transactor } = runtime;
  const reader = app.get(RoutingFactsReader);
  const process = flagProcessing({
    transactor,
    clock: runtime.clock,
    routing: reader,
    settings: openingSettings(runtime.settings),
    records: { isPoor: async () => false },
    isolation: { keepsApart: async () => false },
    ownerOf: async () => undefined,
  });
  await flag('interrupted', { categories: ['hate'] });
  const { events } = await runtime.store.readAll((await runtime.store.head()) - 1);
  const event = events[0] as never;
  const read = reader.read.bind(reader);
  jest.spyOn(reader, 'read').mockImplementationOnce(async (state) => {
    const facts = await read(state);
    await lena.put('/v1/queues', queueFor('hate'));
    return facts;
  });
  jest.spyOn(reader, 'areOutdated').mockRejectedValueOnce(new StoreUnavailable('the process ends here'));
  await expect(process(event)).rejects.toThrow('the process ends here');
  expect((await show('interrupted')).queue).toBe('default');
  await process(event);
  expect((await show('interrupted')).queue).toBe('other');
});

it('gives what lies behind many cases that others have just claimed', async () => {
  const ids = Array.from({ length: 60 }, (_, n) => `many-${n}`);
  for (const id of ids) await flag(id);
  now += 1;
  await flag('behind');
  await gatehouse.settle();
  for (const id of ids) expect((await rob.post(`/v1/cases/${id}/claim`)).status).toBe(200);
  expect(await nextId(rita)).toBe('behind');
});

it('answers with a claim that is stored, also if the reservation can’t be updated', async () => {
  await flag('stored', { categories: ['other'] });
  await gatehouse.settle();
  jest.spyOn(gatehouse.app.get(WaitingCases), 'claimed').mockRejectedValueOnce(new Error('the database is away'));
  const { status, body } = await next(lena);
  expect([status, body.claim?.caseId]).toEqual([200, 'stored']);
});

it('does not give a held case back before its reminder', async () => {
  await flag('held', { categories: ['other'] });
  await gatehouse.settle();
  const { token } = (await next(rita)).body.claim;
  const until = new Date(now + 600_000).toISOString();
  expect((await rita.post('/v1/cases/held/hold', { token, until })).status).toBe(200);
  await gatehouse.settle();
  expect(await nextId(rita)).toBeNull();
  const mine = async () =>
    (await rita.get('/v1/cases?mine=true')).body.items.find((one: { caseId: string }) => one.caseId === 'held');
  expect(await mine()).toMatchObject({ reservedFor: 'rita', dueAgainFor: null });
  now += 600_000;
  expect(await mine()).toMatchObject({ reservedFor: null, dueAgainFor: 'rita' });
  expect(await allOf(rob)).not.toContain('held');
  expect(await allOf(rita)).toEqual(['held']);
});

it('gives a held case to anybody an hour after its reminder', async () => {
  await flag('given-up', { categories: ['other'] });
  await gatehouse.settle();
  const { caseId, token } = (await next(rita)).body.claim;
  expect(caseId).toBe('given-up');
  await rita.post('/v1/cases/given-up/hold', { token, until: new Date(now + 1_000).toISOString() });
  await gatehouse.settle();
  now += 1_000 + DUE_AGAIN_MS - 1;
  expect(await allOf(rob)).not.toContain('given-up');
  now += 1;
  expect(await allOf(rob)).toEqual(['given-up']);
});

it('gives a case to another reviewer if its reviewer turns out to be linked to the account', async () => {
  await flag('linked', { categories: ['other'], accountId: 'friend' });
  await gatehouse.settle();
  expect((await judge(rita, 'linked', 'safe')).status).toBe(200);
  await gatehouse.settle();
  await lena.post('/v1/reviewers/rita/accounts', { accountId: 'friend', reason: 'a relative' });
  now += WINDOW_MS;
  await closing().tick();
  await gatehouse.settle();
  expect(await allOf(lena)).toContain('linked');
  expect((await judge(lena, 'linked', 'safe')).status).toBe(200);
});

it('decides at the next tick what a transient error has prevented', async () => {
  await gatehouse.settle();
  now += WINDOW_MS;
  const ticks = closing();
  jest.spyOn(gatehouse.app.get(CaseFactsReader), 'read').mockRejectedValueOnce(new StoreUnavailable('away'));
  await expect(ticks.tick()).rejects.toThrow('away');
  await ticks.tick();
  expect((await show('linked')).status).toBe('dismissed');
});

it('refuses a second verdict from the command line', async () => {
  await flag('judged-once');
  await gatehouse.settle();
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  expect(await cli.run('case', 'verdict', 'judged-once', 'safe')).toMatchObject({ code: 0 });
  const again = await cli.run('case', 'verdict', 'judged-once', 'model-problem');
  expect(again.code).not.toBe(0);
  expect(again.stderr).toContain('you have given the verdict safe on case judged-once in round 1');
  now += WINDOW_MS;
  await gatehouse.settle();
  await closing().tick();
  expect((await cli.run('case', 'verdict', 'judged-once', 'unsure')).stderr).toContain('the verdict safe');
});

it('shows the other verdict only once the own one can’t be taken back', async () => {
  const sampling = { secondReviewPercent: 100, secondReviewOfDeactivations: false, reason: 'a test' };
  await lena.put('/v1/review-sampling', sampling);
  await flag('twice');
  await gatehouse.settle();
  await judge(rita, 'twice', 'safe');
  now += 1;
  await judge(rob, 'twice', 'unsafe');
  await gatehouse.settle();
  const seen = async (reader: Client) => {
    const shown = (await reader.get('/v1/cases/twice')).body;
    const review = (await reader.get('/v1/cases/twice/review')).body;
    const { items } = (await reader.get('/v1/cases?status=open')).body;
    const listed = items.find((one: { caseId: string }) => one.caseId === 'twice');
    const isAsked = shown.history.some(({ type }: { type: string }) => type === 'FurtherReviewRequired');
    return [shown.verdicts.length, review.verdicts.length, listed.verdictsGiven, isAsked];
  };
  expect(await Promise.all([rita, rob].map(seen))).toEqual([
    [1, 1, 1, false],
    [1, 1, 1, false],
  ]);
  now += WINDOW_MS - 1;
  expect(await Promise.all([rita, rob].map(seen))).toEqual([
    [2, 2, 2, true],
    [1, 1, 1, false],
  ]);
});

it('asks a second reviewer of a case that would deactivate its account only as it is closed', async () => {
  const steps = [
    { strikes: 1, measure: 'strike' },
    { strikes: 2, measure: 'deactivate' },
  ];
  await gatehouse.administrator.put('/v1/enforcement-ladder', { entries: [{ steps }], reason: 'a test' });
  const sampling = { secondReviewPercent: 0, secondReviewOfDeactivations: true, reason: 'a test' };
  await lena.put('/v1/review-sampling', sampling);
  for (const id of ['strike-1', 'strike-2']) await flag(id, { accountId: 'owner-of-two' });
  await gatehouse.settle();
  await judge(rita, 'strike-1', 'unsafe');
  now += 1;
  await judge(rita, 'strike-2', 'unsafe');
  await gatehouse.settle();
  now += WINDOW_MS;
  for (const schedule of schedulesOf(gatehouse.runtime)) await schedule.tick();
  expect([(await show('strike-1')).status, (await show('strike-2')).status]).toEqual(['confirmed', 'open']);
  const { history } = await show('strike-2');
  expect(history.at(-1).type).toBe('FurtherReviewRequired');
});
