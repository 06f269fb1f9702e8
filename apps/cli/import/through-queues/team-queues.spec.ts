import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ApiClient } from '../../../../libs/cli/api-client.js';
import { silent } from '../../../../libs/cli/rendering/progress.js';
import type { Session } from '../../../../libs/cli/session.js';
import * as backend from '../../../../libs/review/routing-events.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../../../../test/support/gatehouse.js';
import type { ReviewRow } from '../data-files.js';
import { flagImage, reviewerName } from '../mapping.js';
import { judgeThroughQueues } from './judge-through-queues.js';
import { MAX_PANEL, MAX_QUEUES } from './team-queues.js';

let gatehouse: TestGatehouse;
let client: ApiClient;
const row = (flagId: string, reviewerId: string): ReviewRow => ({
  ...{ flagId, reviewerId, answerTimeMs: 1_000, verdict: 'safe' },
});
const judge = (reviews: ReviewRow[], progress = silent) =>
  judgeThroughQueues({ client, progress, clock: { now: () => Date.now() } } as Session, [], reviews);
const skillsOf = async (reviewerId: string) =>
  (await gatehouse.administrator.get(`/v1/reviewers/${reviewerName(reviewerId)}`)).body.skills;
const queues = async () => (await gatehouse.administrator.get('/v1/queues')).body.queues;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  const { url, administratorToken: token } = gatehouse;
  client = new ApiClient({ url, token, signal: new AbortController().signal });
  const service = await gatehouse.as('images', 'service');
  const data = {
    imageId: flagImage('1'),
    accountId: 'owner',
    flaggedBy: 'acc-9',
    flaggerKind: 'user',
    categories: ['violent'],
  };
  expect((await service.post('/v1/events', cloudEvent('ContentFlagged', data))).status).toBeLessThan(300);
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

it('refuses more teams than there can be queues, and too large ones, before it changes anything', async () => {
  const head = await gatehouse.runtime.store.head();
  const pairs = Array.from({ length: 50 }, (_, n) => [row(`${n}`, 'a'), row(`${n}`, `b-${n}`)]).flat();
  await expect(judge([row('1', 'z'), ...pairs])).rejects.toThrow(/50 different groups.*room for 49/);
  const large = Array.from({ length: 26 }, (_, n) => row('1', `r-${n}`));
  await expect(judge(large)).rejects.toThrow(/26 reviewers, but at most 25/);
  expect(await gatehouse.runtime.store.head()).toBe(head);
});

it('leaves the queues and skills that were there before when it fails', async () => {
  const failing = {
    ...silent,
    start() {
      throw new Error('the terminal is gone');
    },
  };
  await expect(judge([row('1', 'a'), row('1', 'b')], failing)).rejects.toThrow('the terminal is gone');
  expect(await queues()).toMatchObject([{ id: 'default' }]);
  expect([await skillsOf('a'), await skillsOf('b')]).toEqual([[], []]);
});

it('knows the limits of the backend', () => {
  expect([MAX_QUEUES, MAX_PANEL]).toEqual([backend.MAX_QUEUES, backend.MAX_PANEL]);
});
