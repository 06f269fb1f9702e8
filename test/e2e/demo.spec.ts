import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cliFor } from '../support/cli-process.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const PEOPLE = 20;
const IMAGES = 200;
const DEMO_LIMIT_MS = 120_000;

let gatehouse: TestGatehouse;
let cli: ReturnType<typeof cliFor>;

beforeAll(async () => {
  gatehouse = await startGatehouse({ background: true, env: { GATEHOUSE_REVIEW_PANEL: '3' } });
  cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
});
afterAll(() => gatehouse?.close());

const demo = async (...more: string[]) => {
  const result = await cli.run('demo', '--people', String(PEOPLE), '--images', String(IMAGES), '--json', ...more);
  expect(result).toMatchObject({ code: 0 });
  return result.json();
};

// biome-ignore lint/suspicious/noExplicitAny: answers as they came
let first: any;

it(
  'plays a rollout from the first join to the first deactivation',
  async () => {
    first = await demo();
    const { run, cohorts, cases, denied, metrics } = first;
    expect(cohorts).toEqual([
      { cohortId: `demo-${run}-cohort-1`, onboarded: PEOPLE / 2 },
      { cohortId: `demo-${run}-cohort-2`, onboarded: PEOPLE / 2 },
    ]);
    expect(cases.confirmed).toBeGreaterThan(0);
    expect(cases.dismissed).toBeGreaterThan(0);
    expect(denied).toMatchObject({ decision: false, reason: 'account-deactivated' });
    expect(metrics.whole).toMatchObject({
      generated: IMAGES,
      flags: cases.confirmed + cases.dismissed,
      cases: { open: 0, ...cases },
      confirmedShare: { hits: cases.confirmed },
    });
    expect(metrics.whole.exposed).toBeGreaterThan(0);
    expect(metrics.whole.deactivated).toBeGreaterThan(0);
    expect(metrics.whole.deactivated).toBeLessThanOrEqual(cases.confirmed);
  },
  DEMO_LIMIT_MS,
);

it('leaves the others with an accepted policy and access', async () => {
  const { items } = (await gatehouse.administrator.get('/v1/waitlist?status=onboarded')).body;
  const account = items.find(({ accountId }: { accountId: string }) => accountId !== first.denied.accountId);
  const answers = await Promise.all(
    items.map(({ accountId }: typeof account) =>
      gatehouse.administrator.post('/access/v1/evaluation', {
        subject: { type: 'account', id: accountId },
        action: { name: 'generate' },
        resource: { type: 'image', id: 'next' },
      }),
    ),
  );
  const denied = answers.filter(({ body }) => !body.decision);
  expect(denied).toHaveLength(first.metrics.whole.deactivated - (PEOPLE - items.length));
  expect(denied.every(({ body }) => body.context.reason === 'account-deactivated')).toBe(true);
});

it('revokes the tokens of its reviewers', async () => {
  const { items } = (await gatehouse.administrator.get('/v1/tokens')).body;
  const reviewers = items.filter(({ name }: { name: string }) => name.startsWith('demo-'));
  expect(reviewers.length).toBeGreaterThanOrEqual(3);
  expect(reviewers.every(({ revokedAt }: { revokedAt: string | null }) => revokedAt !== null)).toBe(true);
});

it(
  'can be repeated for other people, with the existing policy and rate',
  async () => {
    const second = await demo('--seed', '2');
    expect(second.run).not.toBe(first.run);
    expect(second.policy).toBe(first.policy);
    expect(second.metrics.whole.generated).toBe(2 * IMAGES);
    const rollout = (await gatehouse.administrator.get('/v1/rollout')).body;
    expect(rollout).toMatchObject({ perWeek: 2 * PEOPLE, available: 0 });
    const { comparisons } = (await cli.run('views', 'verify', '--json')).json();
    expect(comparisons.every(({ equal }: { equal: boolean }) => equal)).toBe(true);
  },
  DEMO_LIMIT_MS,
);
