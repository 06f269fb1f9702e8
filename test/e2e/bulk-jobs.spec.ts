import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { CaseFactsReader } from '../../libs/review/features/case-facts.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

/** What jobs read of each case. */
const facts = CaseFactsReader.prototype;
/** Cases that a job handles before it looks whether it was cancelled. */
const PAGE = 100;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let lena: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  await lena.put('/v1/queues', {
    ...{ queues: [{ id: 'default' }, { id: 'severe' }], rules: [], default: 'default', patienceHours: 24 },
    reason: 'a test',
  });
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());
afterEach(() => {
  jest.restoreAllMocks();
});

async function flagged(category: string, ids: readonly string[], flaggedBy = 'acc-9') {
  for (const imageId of ids) {
    await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId, accountId: `owner-${imageId}` }));
    await flag(imageId, category, flaggedBy);
  }
  await gatehouse.settle();
}
const flag = (imageId: string, category: string, flaggedBy: string) =>
  service.post(
    '/v1/events',
    cloudEvent('ContentFlagged', { imageId, flaggedBy, flaggerKind: 'user', categories: [category] }),
  );
const idsOf = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
const start = (body: object, by = lena) => by.post('/v1/bulk-jobs', { reason: 'a test', ...body });
const show = async (jobId: string) => (await lena.get(`/v1/bulk-jobs/${jobId}`)).body;
const statusOf = async (caseId: string) => (await lena.get(`/v1/cases/${caseId}`)).body.status;

it('says how many cases match, and starts nothing if they are more than expected', async () => {
  await flagged('violent', idsOf('v', 5));
  await flagged('hate', ['other']);
  const query = { action: 'dismiss', category: 'violent' };
  expect((await start(query, rita)).status).toBe(403);
  expect((await start(query)).body).toMatchObject({ jobId: null, matched: 5 });
  expect(codeOf(await start({ ...query, atMost: 4 }))).toEqual([409, 'too-many-cases']);
  expect(codeOf(await start({ action: 'requeue', toQueue: 'gone' }))).toEqual([404, 'queue-unknown']);
  expect(codeOf(await start({ action: 'confirm' }))).toEqual([400, 'invalid-input']);
  expect((await lena.get('/v1/bulk-jobs')).body.items).toEqual([]);
});

it('takes the decision of its lead on each case, but overrules nobody', async () => {
  await flagged('violent', ['by-lena'], 'lena');
  expect((await rita.post('/v1/cases/v-0/claim')).status).toBe(200);
  const { jobId, matched } = (await start({ action: 'dismiss', category: 'violent', atMost: 10 })).body;
  expect(matched).toBe(6);
  await gatehouse.settle();
  expect(await show(jobId)).toMatchObject({
    ...{ action: 'dismiss', filter: { category: 'violent' }, status: 'ended', matched: 6, handled: 6, refused: 2 },
    ...{ startedBy: 'lena', reason: 'a test' },
  });
  const statuses = await Promise.all(['v-0', 'v-1', 'v-4', 'by-lena', 'other'].map(statusOf));
  expect(statuses).toEqual(['claimed', 'dismissed', 'dismissed', 'open', 'open']);
  const { history } = (await lena.get('/v1/cases/v-1')).body;
  expect(history.at(-1)).toMatchObject({ type: 'ReviewDismissed', actor: { id: 'lena' } });
});

it('moves and confirms cases as well', async () => {
  await flagged('spam', idsOf('s', 3));
  await start({ action: 'requeue', category: 'spam', toQueue: 'severe', atMost: 3 });
  await gatehouse.settle();
  expect((await lena.get('/v1/cases?queue=severe')).body.items).toHaveLength(3);
  const confirm = { action: 'confirm', clause: 'violent', queue: 'severe', atMost: 3 };
  await lena.put('/v1/review-sampling', {
    ...{ secondReviewPercent: 0, secondReviewOfDeactivations: true, reason: 'x' },
  });
  expect(codeOf(await start(confirm))).toEqual([409, 'second-review-needed']);
  await lena.put('/v1/review-sampling', {
    ...{ secondReviewPercent: 0, secondReviewOfDeactivations: false, reason: 'x' },
  });
  const clauses = [{ id: 'violent', title: 'No violence', severity: 2 }];
  expect((await gatehouse.administrator.post('/v1/policy', { version: 'with-clauses', clauses })).status).toBe(201);
  expect(codeOf(await start({ ...confirm, clause: 'unknown' }))).toEqual([409, 'clause-unknown']);
  expect((await start(confirm)).status).toBe(200);
  await gatehouse.settle();
  expect(await Promise.all(idsOf('s', 3).map(statusOf))).toEqual(['confirmed', 'confirmed', 'confirmed']);
  expect((await gatehouse.administrator.get('/v1/accounts/owner-s-0')).body).toMatchObject({ deactivated: true });
});

it('resumes after an interruption, decides nothing twice, and ends when it is cancelled', async () => {
  await flagged('resumed', idsOf('r', 4));
  const { jobId } = (await start({ action: 'dismiss', category: 'resumed', atMost: 4 })).body;
  const read = facts.readToRoute;
  let isInterrupted = false;
  jest.spyOn(facts, 'readToRoute').mockImplementation(async function (this: CaseFactsReader, ...given) {
    if (isInterrupted || given[0] !== 'r-3') return read.apply(this, given);
    isInterrupted = true;
    await until(async () => (await statusOf('r-0')) === 'dismissed');
    // Reopens a case that the job has handled, once the job reads it again.
    await flag('r-0', 'resumed', 'acc-8');
    throw new StoreUnavailable('the process ends here');
  });
  await expect(gatehouse.settle()).rejects.toThrow('the process ends here');
  await gatehouse.settle();
  expect(await Promise.all(idsOf('r', 4).map(statusOf))).toEqual(['open', 'dismissed', 'dismissed', 'dismissed']);
  expect(await show(jobId)).toMatchObject({ status: 'ended' });
  now += 1;
  await flagged('cancelled', idsOf('c', 2));
  const other = (await start({ action: 'dismiss', category: 'cancelled', atMost: 2 })).body.jobId;
  expect(codeOf(await lena.delete('/v1/bulk-jobs/none?reason=x'))).toEqual([404, 'bulk-job-unknown']);
  const cancelled = await lena.delete(`/v1/bulk-jobs/${other}?reason=x`);
  expect(cancelled.status).toBe(200);
  expect((await lena.delete(`/v1/bulk-jobs/${other}?reason=x`)).body.position).toBe(cancelled.body.position);
  await gatehouse.settle();
  expect(await show(other)).toMatchObject({ status: 'cancelled', handled: 0 });
  expect(await statusOf('c-0')).toBe('open');
});

it('leaves cases to reviewers that changed after the job was started', async () => {
  await flagged('changed', idsOf('ch', 3));
  const { jobId } = (await start({ action: 'dismiss', category: 'changed', queue: 'default', atMost: 3 })).body;
  await flag('ch-0', 'worse', 'acc-8');
  await lena.post('/v1/cases/ch-1/handover', { queue: 'severe' });
  await gatehouse.settle();
  expect(await Promise.all(idsOf('ch', 3).map(statusOf))).toEqual(['open', 'open', 'dismissed']);
  expect(await show(jobId)).toMatchObject({ status: 'ended' });
});

it('leaves cases of the second-review sample to reviewers, whether it dismisses or confirms', async () => {
  await flagged('sampled', idsOf('sa', 2));
  await lena.put('/v1/review-sampling', {
    ...{ secondReviewPercent: 100, secondReviewOfDeactivations: false, reason: 'x' },
  });
  for (const action of [{ action: 'dismiss' }, { action: 'confirm', clause: 'violent' }]) {
    const { jobId } = (await start({ ...action, category: 'sampled', atMost: 2 })).body;
    await gatehouse.settle();
    expect(await show(jobId)).toMatchObject({ status: 'ended', handled: 2, refused: 2 });
  }
  const { jobId } = (await start({ action: 'requeue', category: 'sampled', toQueue: 'severe', atMost: 2 })).body;
  await gatehouse.settle();
  expect(await show(jobId)).toMatchObject({ status: 'ended', handled: 2, refused: 0 });
  await lena.put('/v1/review-sampling', {
    ...{ secondReviewPercent: 0, secondReviewOfDeactivations: false, reason: 'x' },
  });
  expect(await Promise.all(idsOf('sa', 2).map(statusOf))).toEqual(['open', 'open']);
});

it('leaves what is left to reviewers if it is cancelled half-way', async () => {
  await flagged('half', idsOf('h', PAGE + 2));
  const { jobId } = (await start({ action: 'dismiss', category: 'half', atMost: PAGE + 2 })).body;
  const read = facts.readToRoute;
  let reads = 0;
  jest.spyOn(facts, 'readToRoute').mockImplementation(async function (this: CaseFactsReader, ...given) {
    if (++reads === 2) await lena.delete(`/v1/bulk-jobs/${jobId}?reason=x`);
    return read.apply(this, given);
  });
  await gatehouse.settle();
  expect(await show(jobId)).toMatchObject({ status: 'cancelled', matched: PAGE + 2, handled: PAGE, refused: 0 });
  const open = (await lena.get('/v1/cases?status=open&category=half')).body.items;
  expect(open).toHaveLength(2);
});

it('is shown and led from the command line', async () => {
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const query = ['dismiss', '--category', 'cancelled', '--reason', 'a test'];
  expect((await cli.run('bulk', 'start', ...query)).stdout).toContain('2 cases match');
  const { jobId } = JSON.parse((await cli.run('bulk', 'start', ...query, '--at-most', '2', '--json')).stdout);
  expect((await cli.run('bulk', 'show', jobId)).stdout).toMatch(/category cancelled[\s\S]*running/);
  await gatehouse.settle();
  expect((await cli.run('bulk', 'list')).stdout).toMatch(/dismiss +ended +2 +2 +0/);
  expect((await cli.run('bulk', 'cancel', jobId, '--reason', 'a test')).stdout).toMatch(/ended/);
});

describe('undoing a job', () => {
  const undo = (compensates: string, more: object = {}) =>
    lena.post('/v1/bulk-jobs', { compensates, reason: 'the wrong detector', ...more });
  const done = async (body: object): Promise<string> => {
    const { jobId } = (await start({ atMost: 100, ...body })).body;
    await gatehouse.settle();
    return jobId;
  };
  const caseOf = async (caseId: string) => {
    const { queue, status, dueAt, categories, priority } = (await lena.get(`/v1/cases/${caseId}`)).body;
    return { queue, status, dueAt, categories, priority };
  };

  it('previews, undoes what was not changed since, once, and lists what it left out', async () => {
    const ids = idsOf('undo', 4);
    await flagged('undo', ids);
    const before = await Promise.all(ids.map(caseOf));
    const jobId = await done({ action: 'dismiss', category: 'undo' });
    now += 60_000;
    expect((await lena.post('/v1/cases/undo-3/reopen', { reason: 'this one again' })).status).toBe(200);
    expect((await rita.post('/v1/bulk-jobs', { compensates: jobId, reason: 'no' })).status).toBe(403);
    expect(codeOf(await undo('gone'))).toEqual([404, 'bulk-job-unknown']);
    for (const more of [{ queue: 'severe' }, { action: 'dismiss' }, { action: 'unheard-of' }, { clause: 'violent' }]) {
      const refused = await undo(jobId, more);
      expect(codeOf(refused)).toEqual([400, 'invalid-input']);
      expect(refused.body.errors).toMatchObject([{ field: `/${Object.keys(more)[0]}` }]);
    }
    expect((await undo(jobId)).body).toMatchObject({ jobId: null, matched: 4 });
    expect(codeOf(await undo(jobId, { atMost: 3 }))).toEqual([409, 'too-many-cases']);
    const started = (await undo(jobId, { atMost: 4 })).body;
    await gatehouse.settle();
    const shown = { action: 'compensate', compensates: jobId, status: 'ended', matched: 4, handled: 4, refused: 1 };
    expect(await show(started.jobId)).toMatchObject(shown);
    expect((await lena.get(`/v1/bulk-jobs/${started.jobId}/skipped-cases`)).body.items).toEqual([
      { caseId: 'undo-3', because: 'case-changed' },
    ]);
    expect(await Promise.all(ids.slice(0, 3).map(caseOf))).toEqual(before.slice(0, 3));
    expect((await undo(jobId, { atMost: 4 })).body).toMatchObject({ jobId: started.jobId, matched: 4 });
    expect(codeOf(await undo(started.jobId))).toEqual([409, 'bulk-job-not-undoable']);
    const { history } = (await lena.get('/v1/cases/undo-0')).body;
    expect(history.at(-1)).toMatchObject({ type: 'CaseReopened', actor: { id: 'lena' } });
  });

  it('reverses confirmations with every consequence, except where somebody appealed', async () => {
    await flagged('harsh', ['harsh-0', 'harsh-1']);
    const jobId = await done({ action: 'confirm', clause: 'violent', category: 'harsh' });
    const account = async (id: string) => (await gatehouse.administrator.get(`/v1/accounts/owner-${id}`)).body;
    expect(await account('harsh-0')).toMatchObject({ deactivated: true });
    expect((await service.post('/v1/enforcements/harsh-1/appeals', { text: 'mine' })).status).toBe(200);
    const { jobId: undoing } = (await undo(jobId, { atMost: 2 })).body;
    await gatehouse.settle();
    await gatehouse.settle();
    expect(await account('harsh-0')).toMatchObject({ deactivated: false });
    expect(await account('harsh-1')).toMatchObject({ deactivated: true });
    expect(await statusOf('harsh-0')).toBe('open');
    expect((await gatehouse.administrator.get('/v1/images/harsh-0')).body).toMatchObject({ withheld: false });
    const { items } = (await lena.get(`/v1/bulk-jobs/${undoing}/skipped-cases`)).body;
    expect(items).toEqual([{ caseId: 'harsh-1', because: 'appeal-open' }]);
  });

  it('puts moved cases back by the command line, and resumes after an interruption', async () => {
    const ids = idsOf('back', 4);
    await flagged('back', ids);
    const jobId = await done({ action: 'requeue', toQueue: 'severe', category: 'back' });
    expect((await caseOf('back-0')).queue).toBe('severe');
    const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    const preview = await cli.run('bulk', 'undo', jobId, '--reason', 'wrong');
    expect([preview.code, preview.stdout]).toEqual([0, expect.stringContaining('4 cases')]);
    const read = facts.readToRoute;
    let isInterrupted = false;
    jest.spyOn(facts, 'readToRoute').mockImplementation(async function (this: CaseFactsReader, ...given) {
      if (isInterrupted || given[0] !== 'back-3') return read.apply(this, given);
      isInterrupted = true;
      await until(async () => (await caseOf('back-0')).queue === 'default');
      throw new StoreUnavailable('the process ends here');
    });
    expect((await cli.run('bulk', 'undo', jobId, '--at-most', '4', '--reason', 'wrong')).code).toBe(0);
    await expect(gatehouse.settle()).rejects.toThrow('the process ends here');
    await gatehouse.settle();
    expect(await show(`undo-of-${jobId}`)).toMatchObject({ status: 'ended', handled: 4, refused: 0 });
    for (const id of ids) expect((await caseOf(id)).queue).toBe('default');
    const { stdout } = await cli.run('bulk', 'skipped', `undo-of-${jobId}`);
    expect(stdout).toContain('no case was left out');
  });
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
