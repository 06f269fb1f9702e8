import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const HOUR_MS = 3_600_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let lena: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: { GATEHOUSE_CLAIMS_PER_REVIEWER: '0', GATEHOUSE_SEVERE_IN_A_ROW: '2' },
  });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  const clauses = [
    { id: 'violent', title: 'No violence', severity: 2 },
    { id: 'spam', title: 'No spam', severity: 0 },
    { id: 'minors', title: 'No minors', severity: 3 },
  ];
  await gatehouse.administrator.post('/v1/policy', { version: '1', clauses });
  const skills = { skills: ['severe'], languages: [], reason: 'trained for it' };
  await gatehouse.administrator.put('/v1/reviewers/rita/skills', skills);
  await gatehouse.administrator.put('/v1/reviewers/lena/skills', skills);
});
afterAll(() => gatehouse.close());

async function flagged(category: string, ...ids: string[]) {
  for (const imageId of ids) {
    now += 1_000;
    const data = { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories: [category] };
    await service.post('/v1/events', [cloudEvent('ContentFlagged', data)]);
    await gatehouse.settle();
  }
}
const next = async (reviewer: Client): Promise<string | null> =>
  (await reviewer.post('/v1/queues/default/next')).body.claim?.caseId ?? null;
const nextOnes = async (reviewer: Client, number: number) => {
  const ids: (string | null)[] = [];
  for (let n = 0; n < number; n++) ids.push(await next(reviewer));
  return ids;
};

it('gives one reviewer at most so many severe cases in a row while others wait, also before the view has the claims', async () => {
  await flagged('minors', 's1', 's2', 's3', 's4', 's5', 's6');
  await flagged('spam', 'm1');
  expect(await nextOnes(rita, 4)).toEqual(['s1', 's2', 'm1', 's3']);
  await flagged('spam', 'm2');
  expect(await nextOnes(rita, 2)).toEqual(['s4', 'm2']);
  await gatehouse.settle();
  // No other waits, so a limit would leave them idle.
  expect(await nextOnes(rita, 3)).toEqual(['s5', 's6', null]);
});

it('counts across processes, by what is stored of the claims', async () => {
  await flagged('minors', 's7', 's8', 's9');
  await flagged('spam', 'm3');
  for (const id of ['s7', 's8']) expect((await lena.post(`/v1/cases/${id}/claim`)).status).toBe(200);
  await gatehouse.settle();
  expect(await nextOnes(lena, 2)).toEqual(['m3', 's9']);
});

it('gives a reviewer no case of a category that they declined, until the end of the day', async () => {
  const path = '/v1/reviewers/me/declined-categories';
  await flagged('violent', 'v1', 'v2');
  await flagged('spam', 'm4');
  expect((await rita.get(path)).body).toMatchObject({ categories: [], until: null, position: '0' });
  const { body: declined } = await rita.put(path, { categories: ['violent'] });
  expect((await rita.put(path, { categories: ['violent'] })).body.position).toBe(declined.position);
  expect((await rita.get(path)).body).toMatchObject({
    ...{ reviewer: 'rita', categories: ['violent'], until: '2022-05-19T00:00:00.000Z', position: declined.position },
  });
  expect(await nextOnes(rita, 2)).toEqual(['m4', null]);
  expect((await lena.get(path)).body.categories).toEqual([]);
  // By hand they may still take one.
  expect((await rita.post('/v1/cases/v2/claim')).status).toBe(200);
  const late = new Date(now + 25 * HOUR_MS).toISOString();
  const refused = await rita.put(path, { categories: ['violent'], until: late });
  expect(refused.body.errors).toMatchObject([{ field: '/until' }]);
  const until = new Date(now + 1_000).toISOString();
  expect((await rita.put(path, { categories: ['violent'], until })).status).toBe(200);
  expect(await next(rita)).toBeNull();
  now += 1_000;
  expect((await rita.get(path)).body).toMatchObject({ categories: [], until: null });
  expect(await next(rita)).toBe('v1');
});

it('declines and takes again from the command line', async () => {
  const { body } = await gatehouse.administrator.post('/v1/tokens', { name: 'cleo', roles: ['reviewer'] });
  const cli = commandLineFor({ url: gatehouse.url, token: body.secret });
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli.run('reviewer', ...args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  };
  expect(await run('declined')).toContain('nothing');
  expect(await run('decline', 'violent,spam')).toMatch(/spam, violent/);
  expect(await run('declined')).toMatch(/spam, violent/);
  expect(await run('decline')).toContain('nothing');
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
