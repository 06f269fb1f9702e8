import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const LEASE_MS = 300_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let rita: Client;
let rob: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  rita = await gatehouse.as('rita', 'reviewer');
  rob = await gatehouse.as('rob', 'reviewer');
  await gatehouse.settle();
  const flags = Array.from({ length: 8 }, (_, n) =>
    cloudEvent('ContentFlagged', {
      ...{ imageId: `img-${n}`, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] },
    }),
  );
  await gatehouse.administrator.post('/v1/events', flags);
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const next = (reviewer: Client) => reviewer.post('/v1/queues/default/next');
const enough = (...caseIds: string[]) => ({
  status: 409,
  body: {
    type: expect.stringMatching(/enough-claimed$/),
    detail: expect.stringContaining(caseIds.join(', ')),
    caseIds,
  },
});

it('gives nobody a third case, before and after the view shows the first two', async () => {
  const answers = await Promise.all([next(rita), next(rita), next(rita), next(rita)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 409, 409]);
  expect(await next(rita)).toMatchObject(enough('img-0', 'img-1'));
  await gatehouse.settle();
  expect(await next(rita)).toMatchObject(enough('img-0', 'img-1'));
  expect((await next(rob)).body.claim.caseId).toBe('img-2');
});

it('gives another one once a claim is judged or released, though the view still shows the claim', async () => {
  expect((await rita.post('/v1/cases/img-0/verdicts', { token: 1, verdict: 'safe' })).status).toBe(200);
  expect((await next(rita)).body.claim.caseId).toBe('img-3');
  expect((await next(rita)).status).toBe(409);
  expect((await rita.delete('/v1/cases/img-3/claim?token=1')).status).toBe(200);
  expect((await next(rita)).body.claim.caseId).toBe('img-4');
  await gatehouse.settle();
  expect(await next(rita)).toMatchObject(enough('img-1', 'img-4'));
});

it('counts neither what is kept for the reviewer nor leases that have ended', async () => {
  expect((await rob.post('/v1/cases/img-2/handover', { token: 1, reviewer: 'rita', note: 'yours' })).status).toBe(200);
  await gatehouse.settle();
  expect((await rita.delete('/v1/cases/img-4/claim?token=1')).status).toBe(200);
  expect((await next(rita)).status).toBe(200);
  now += LEASE_MS;
  expect((await next(rita)).status).toBe(200);
  expect((await next(rita)).status).toBe(200);
  expect((await next(rita)).status).toBe(409);
});

it('says at the command line what to do first', async () => {
  const { run } = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const results = [];
  for (let n = 0; n < 3; n++) results.push(await run('case', 'next', 'default'));
  expect(results.map(({ code }) => code === 0)).toEqual([true, true, false]);
  expect(results[2]!.stderr).toMatch(/judge, release or hand over one first/);
});

it('gives a reviewer who asks two processes at once no more either', async () => {
  const beside = await gatehouse.beside();
  try {
    const flags = Array.from({ length: 60 }, (_, n) =>
      cloudEvent('ContentFlagged', {
        imageId: `more-${n}`,
        flaggedBy: 'acc-9',
        flaggerKind: 'user',
        categories: ['hate'],
      }),
    );
    await gatehouse.administrator.post('/v1/events', flags);
    await gatehouse.settle();
    const names = Array.from({ length: 10 }, (_, n) => `rev-${n}`);
    const given = await Promise.all(
      names.map(async (name) => {
        const { secret } = (await gatehouse.administrator.post('/v1/tokens', { name, roles: ['reviewer'] })).body;
        const sides = [client(gatehouse.url, secret), client(beside.url, secret)];
        const answers = await Promise.all([...sides, ...sides].map(next));
        return answers.filter(({ body }) => body.claim).map(({ body }) => body.claim.caseId);
      }),
    );
    expect(given.map((caseIds) => caseIds.length)).toEqual(names.map(() => 2));
    expect(new Set(given.flat()).size).toBe(2 * names.length);
  } finally {
    await beside.close();
  }
});
