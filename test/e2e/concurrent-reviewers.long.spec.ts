import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

const CASES = 300;
const REVIEWERS = 50;
let gatehouse: TestGatehouse;
let reviewers: Client[];

beforeAll(async () => {
  gatehouse = await startGatehouse({ background: true });
  reviewers = await Promise.all(Array.from({ length: REVIEWERS }, (_, n) => gatehouse.as(`rev-${n}`, 'reviewer')));
});
afterAll(() => gatehouse.close());

/** Undefined until the views are built. */
const openCases = async (): Promise<number | undefined> =>
  (await gatehouse.administrator.get('/v1/queues')).body.queues?.[0].open;

it('gives every case of a queue to one of many concurrent reviewers, and none twice', async () => {
  const flags = Array.from({ length: CASES }, (_, n) =>
    cloudEvent('ContentFlagged', {
      imageId: `img-${n}`,
      flaggedBy: `acc-${n % 7}`,
      flaggerKind: 'user',
      confidence: (n % 10) / 10,
      categories: ['violent'],
    }),
  );
  await gatehouse.administrator.post('/v1/events', flags);
  await until(async () => (await openCases()) === CASES);
  const given: string[] = [];
  const work = async (reviewer: Client) => {
    while (given.length < CASES) {
      const { status, body } = await reviewer.post('/v1/queues/default/next');
      expect([status, body.type]).toEqual([200, undefined]);
      if (body.claim === null) continue;
      const { caseId, token } = body.claim;
      given.push(caseId);
      const judged = await reviewer.post(`/v1/cases/${caseId}/verdicts`, { token, verdict: 'safe' });
      expect(judged).toMatchObject({ status: 200, body: { status: 'dismissed' } });
    }
  };
  await Promise.all(reviewers.map(work));
  expect(given).toHaveLength(CASES);
  expect(new Set(given).size).toBe(CASES);
  await until(async () => (await openCases()) === 0);
});
