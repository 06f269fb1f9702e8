import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let rob: Client;
let lena: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  rob = await gatehouse.as('rob', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

async function flagged(imageId: string, accountId = `owner-${imageId}`) {
  const flag = { flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] };
  await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId, accountId }));
  await service.post('/v1/events', cloudEvent('ContentFlagged', { imageId, ...flag }));
  await gatehouse.settle();
}
const show = async (reader: Client, caseId: string) => (await reader.get(`/v1/cases/${caseId}`)).body;
const set = (secondReviewPercent: number, secondReviewOfDeactivations: boolean, headers = {}) =>
  lena.put('/v1/review-sampling', { secondReviewPercent, secondReviewOfDeactivations, reason: 'a test' }, headers);

/** An answer about a case without what differs between any two cases. */
const withoutNames = (answer: object, caseId: string): unknown =>
  JSON.parse(
    JSON.stringify(answer, (name, value) => (['position', 'token'].includes(name) ? 'any' : value))
      .replaceAll(caseId, 'the-case')
      .replaceAll(/"flagger-[0-9a-f]{16}"/g, '"a-flagger"')
      .replaceAll(/"flag-[0-9a-f]{16}"/g, '"a-flag"'),
  );

it('is off until a lead sets it, which a repeat does not change', async () => {
  const before = (await lena.get('/v1/review-sampling')).body;
  expect(before).toMatchObject({ secondReviewPercent: 0, secondReviewOfDeactivations: false, position: '0' });
  await flagged('alone');
  expect((await judge(rita, 'alone', 'safe')).body.status).toBe('dismissed');
  const body = { secondReviewPercent: 100, secondReviewOfDeactivations: false, reason: 'a test' };
  expect((await rita.put('/v1/review-sampling', body)).status).toBe(403);
  expect((await rita.get('/v1/review-sampling')).status).toBe(403);
  expect((await lena.put('/v1/review-sampling', { ...body, secondReviewPercent: 101 })).status).toBe(400);
  const { status, body: written } = await set(100, false, { 'if-match': before.etag });
  expect(status).toBe(200);
  expect((await set(100, false)).body.position).toBe(written.position);
  expect(codeOf(await set(50, false, { 'if-match': before.etag }))).toEqual([412, 'changed-meanwhile']);
  expect((await lena.get('/v1/review-sampling')).body).toMatchObject({ secondReviewPercent: 100 });
  // The queues are as they were.
  expect((await lena.get('/v1/queues')).body).toMatchObject({ position: '0' });
});

it('shows a second reviewer the same as a first one', async () => {
  await flagged('second');
  await flagged('first');
  expect((await judge(rita, 'second', 'unsafe')).body.status).toBe('open');
  await gatehouse.settle();
  const seen = async (caseId: string) => {
    const [shown, review] = await Promise.all([show(rob, caseId), rob.get(`/v1/cases/${caseId}/review`)]);
    const { items } = (await rob.get('/v1/cases?status=open')).body;
    const listed = items.find((one: { caseId: string }) => one.caseId === caseId);
    const { flags: _, ...entry } = listed;
    return withoutNames({ shown, review: review.body, entry }, caseId);
  };
  expect(await seen('second')).toEqual(await seen('first'));
  const next = async () => (await rob.post('/v1/queues/default/next')).body;
  const [one, other] = [await next(), await next()];
  expect([one.claim.caseId, other.claim.caseId].sort()).toEqual(['first', 'second']);
  expect(withoutNames(one, one.claim.caseId)).toEqual(withoutNames(other, other.claim.caseId));
  expect((await rob.get('/v1/cases?reviewer=rita')).body.items).toMatchObject([{ caseId: 'alone' }]);
  expect((await lena.get('/v1/cases?reviewer=rita')).body.items).toHaveLength(2);
});

it('asks a third reviewer if two disagree', async () => {
  expect((await judge(rob, 'second', 'safe')).body.status).toBe('open');
  expect((await show(rob, 'second')).verdicts).toHaveLength(2);
  expect((await judge(lena, 'second', 'unsafe')).body.status).toBe('confirmed');
  const { history } = await show(lena, 'second');
  const types = history.map(({ type }: { type: string }) => type);
  expect(types.filter((type: string) => type === 'FurtherReviewRequired')).toHaveLength(2);
});

it('asks a second reviewer before an account is deactivated, by the ladder in force', async () => {
  await set(0, true);
  await flagged('severe');
  expect((await judge(rita, 'severe', 'unsafe')).body.status).toBe('open');
  expect((await judge(rob, 'severe', 'unsafe')).body.status).toBe('confirmed');
  await flagged('harmless');
  expect((await judge(rita, 'harmless', 'safe')).body.status).toBe('dismissed');
  const entries = [
    { clause: 'violent', steps: [{ strikes: 1, measure: 'strike' }] },
    { steps: [{ strikes: 1, measure: 'deactivate' }] },
  ];
  expect((await gatehouse.administrator.put('/v1/enforcement-ladder', { entries, reason: 'a test' })).status).toBe(200);
  await flagged('mild');
  expect((await judge(rita, 'mild', 'unsafe')).body.status).toBe('confirmed');
  await flagged('other');
  expect((await judge(rita, 'other', 'unsafe', { clause: 'hate' })).body.status).toBe('open');
});

it('counts confirmations that are not enforced yet when it asks whether an account would be deactivated', async () => {
  const steps = [
    { strikes: 1, measure: 'strike' },
    { strikes: 2, measure: 'deactivate' },
  ];
  const ladder = { entries: [{ steps }], reason: 'a test' };
  expect((await gatehouse.administrator.put('/v1/enforcement-ladder', ladder)).status).toBe(200);
  await flagged('strike-1', 'owner-of-two');
  await flagged('strike-2', 'owner-of-two');
  expect((await judge(rita, 'strike-1', 'unsafe')).body.status).toBe('confirmed');
  expect((await judge(rita, 'strike-2', 'unsafe')).body.status).toBe('open');
  expect((await judge(rob, 'strike-2', 'unsafe')).body.status).toBe('confirmed');
});

it('hides from a second reviewer which clause the first one named', async () => {
  const severe = { id: 'minors', title: 'No minors', severity: 3 };
  const clauses = [severe, { id: 'violent', title: 'No violence', severity: 2 }];
  const policy = { version: 'with-clauses', clauses };
  expect((await gatehouse.administrator.post('/v1/policy', policy)).status).toBe(201);
  await set(100, false);
  await flagged('hidden');
  await flagged('plain');
  expect((await judge(rita, 'hidden', 'unsafe', { clause: 'minors' })).body.status).toBe('open');
  const review = async (reader: Client, caseId: string) => (await reader.get(`/v1/cases/${caseId}/review`)).body;
  expect(withoutNames(await review(rob, 'hidden'), 'hidden')).toEqual(
    withoutNames(await review(rob, 'plain'), 'plain'),
  );
  expect(await review(lena, 'hidden')).toMatchObject({ severeClause: 'minors' });
  const preview = (reader: Client, caseId: string) => reader.get(`/v1/images/${caseId}/preview`);
  expect(codeOf(await preview(rob, 'hidden'))).toEqual(codeOf(await preview(rob, 'plain')));
  expect(codeOf(await preview(lena, 'hidden'))).toEqual([409, 'severe-content']);
  await set(0, true);
});

it('is shown and set from the command line', async () => {
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  expect((await cli.run('sampling', 'show')).stdout).toMatch(/of deactivations +yes/);
  const given = ['--second-reviews', '5', '--reason', 'a test'];
  expect((await cli.run('sampling', 'set', ...given)).stdout).toMatch(/5 %[\s\S]*of deactivations +yes/);
  const off = ['--no-deactivations', '--reason', 'a test'];
  expect((await cli.run('sampling', 'set', ...off)).stdout).toMatch(/5 %[\s\S]*of deactivations +no/);
  const images = ['--prevalence', '200', '--reason', 'a test'];
  expect((await cli.run('sampling', 'set', ...images)).stdout).toMatch(
    /5 %[\s\S]*of deactivations +no[\s\S]*200 of a million/,
  );
  expect((await cli.run('sampling', 'set', ...given, '--if-match', '"old-1"')).code).toBe(0);
  expect((await cli.run('sampling', 'set', ...given, '--deactivations', '--if-match', '"old-1"')).code).not.toBe(0);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
