import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cliFor } from '../support/cli-process.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let operator: Client;
beforeAll(async () => {
  gatehouse = await startGatehouse({ env: { GATEHOUSE_RATE_PER_WEEK_ALONE: '100' } });
  operator = await gatehouse.as('olga', 'operator');
  const service = await gatehouse.as('web-site', 'service');
  await operator.put('/v1/rollout/rate', { perWeek: 4 });
  for (const name of ['ann', 'ben', 'cleo', 'dan', 'eve'])
    expect((await service.post('/v1/waitlist', { email: `${name}@example.org` })).status).toBe(202);
  await gatehouse.settle();
  expect((await operator.post('/v1/cohorts', { size: 3 })).status).toBe(202);
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const preview = async (perWeek: number) => (await operator.get(`/v1/rollout/rate-preview?perWeek=${perWeek}`)).body;

it('shows what a rate would come to beside the present one, and sets nothing', async () => {
  const before = (await operator.get('/v1/rollout')).body;
  const shown = await preview(7);
  expect(shown).toMatchObject({
    proposed: { perWeek: 7, perDay: 1, atOnce: 4, casesPerDay: null, load: null },
    present: { perWeek: 4, atOnce: 1 },
    ...{ needs: 'nothing', waiting: 2, supplyPerDay: null, waitingCases: 0, suffices: null, outcome: 'hold' },
    reasons: expect.arrayContaining(['figures-missing', 'exposures-insufficient']),
    missing: ['reviews', 'active-people'],
    gate: { inForce: 'hold' },
  });
  // Two wait: at the higher rate both fit in now, at the present one only one does.
  const [then, now] = [shown.proposed, shown.present].map(({ lineEndsAt }) => Date.parse(lineEndsAt));
  expect(now! - then!).toBeGreaterThan(6 * 86_400_000);
  expect((await operator.get('/v1/rollout')).body.etag).toBe(before.etag);
});

it('says what setting it would need', async () => {
  expect((await preview(9)).needs).toBe('confirmation');
  expect((await preview(101)).needs).toBe('approval');
  expect(await preview(0)).toMatchObject({ needs: 'nothing', proposed: { lineEndsAt: null } });
});

it('refuses what is no rate', async () => {
  expect((await operator.get('/v1/rollout/rate-preview')).status).toBe(400);
  expect((await operator.get('/v1/rollout/rate-preview?perWeek=-1')).status).toBe(400);
});

it('is shown by the command line', async () => {
  const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const { stdout, stderr } = await cli.run('rate', 'preview', '9');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/people a week +4 +9\n/);
  expect(stdout).toMatch(/cases a day +not known +not known\n/);
  expect(stdout).toMatch(/nobody who is in generated an image in this week or the last/);
  expect(stdout).toContain('Setting it needs --confirm');
});
