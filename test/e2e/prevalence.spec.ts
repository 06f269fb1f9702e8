import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EVENT_STORE } from '../../libs/platform/ports.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { wholeLog } from '../support/whole-log.js';

const PATH = '/v1/metrics/prevalence';
const SAMPLING = '/v1/review-sampling';
const SECOND = { secondReviewPercent: 0, secondReviewOfDeactivations: false, reason: 'a test' };
/** A tenth of the images is chosen; which, depends on the key of the installation. */
const IMAGES = 120;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let lena: Client;
let cli: ReturnType<typeof commandLineFor>;
let chosen: string[];

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
});
afterAll(() => gatehouse.close());

async function send(...events: [type: string, data: Record<string, unknown>][]) {
  const time = new Date(now).toISOString();
  const body = events.map(([type, data]) => cloudEvent(type, data, { time }));
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  expect((await service.post('/v1/events', body, headers)).status).toBe(202);
  await gatehouse.settle();
}
const exposed = (name: string, count: number) =>
  Array.from({ length: count }, (_, n): [string, Record<string, unknown>][] => [
    ['ImageGenerated', { imageId: `${name}-${n}`, accountId: `owner-${name}-${n}` }],
    ['ImageDownloaded', { imageId: `${name}-${n}` }],
  ]).flat();
const samples = async (): Promise<string[]> => {
  const { items } = (await lena.get('/v1/cases?origin=sample&limit=100')).body;
  return items.map(({ caseId }: { caseId: string }) => caseId).sort();
};
const text = async (...args: string[]) => {
  const result = await cli.run(...args);
  expect({ args, ...result }).toMatchObject({ code: 0 });
  return result.stdout;
};

it('says nothing until a lead has images sampled', async () => {
  await send(...exposed('before', 20));
  expect(await samples()).toEqual([]);
  expect((await lena.get(PATH)).body).toMatchObject({ from: null, exposed: 0, prevalence: null, flagRecall: null });
  expect(await text('metrics', 'prevalence')).toMatch(/prevalence +–/);
  expect((await gatehouse.administrator.get('/metrics')).body).not.toMatch(/^gatehouse_safety_prevalence/m);
});

it('is off by default; a lead sets it beside the rest, which stays as it is if it is left out', async () => {
  expect((await lena.get(SAMPLING)).body.prevalencePerMillion).toBe(0);
  expect((await rita.put(SAMPLING, { ...SECOND, prevalencePerMillion: 1 })).status).toBe(403);
  expect((await lena.put(SAMPLING, { ...SECOND, prevalencePerMillion: 100_001 })).status).toBe(400);
  const shown = await text('sampling', 'set', '--second-reviews', '0', '--prevalence', '100000', '--reason', 'measure');
  expect(shown).toMatch(/without a flag +100000 of a million/);
  const { position } = (await lena.get(SAMPLING)).body;
  const repeated = await lena.put(SAMPLING, SECOND);
  expect([repeated.status, repeated.body.position]).toEqual([200, position]);
  expect((await lena.get(SAMPLING)).body.prevalencePerMillion).toBe(100_000);
});

it('has a random sample of what nobody flagged reviewed, which only leads can tell from flagged images', async () => {
  now += 24 * 3_600_000;
  await send(...exposed('img', IMAGES));
  chosen = await samples();
  // A tenth of 120, give or take four standard deviations.
  expect(chosen.length).toBeGreaterThan(0);
  expect(chosen.length).toBeLessThan(26);
  expect(chosen.every((id) => id.startsWith('img-'))).toBe(true);
  expect((await lena.get(`/v1/cases/${chosen[0]}`)).body.origin).toBe('sample');
  expect((await rita.get(`/v1/cases/${chosen[0]}`)).body).not.toHaveProperty('origin');
  // A later exposure chooses nothing.
  await send(
    ['ImageShared', { imageId: 'before-1', accountId: 'owner-before-1' }],
    ['ImageDownloaded', { imageId: 'img-0' }],
  );
  expect(await samples()).toEqual(chosen);
});

it('estimates from the decided ones how many violate the policy, and how many of them flags find', async () => {
  const whole = async () => (await gatehouse.administrator.get('/v1/safety/metrics')).body.whole;
  const before = await whole();
  const [unsafe, ...safe] = chosen as [string, ...string[]];
  expect((await judge(rita, unsafe, 'unsafe')).body.status).toBe('confirmed');
  for (const id of safe) expect((await judge(rita, id, 'safe')).body.status).toBe('dismissed');
  const flagged = Array.from({ length: IMAGES }, (_, n) => `img-${n}`).find((id) => !chosen.includes(id))!;
  const flag = { imageId: flagged, flaggedBy: 'det', flaggerKind: 'detector', categories: ['violent'] };
  await send(['ContentFlagged', flag]);
  expect((await judge(rita, flagged, 'unsafe')).body.status).toBe('confirmed');
  await gatehouse.settle();
  const { body } = await lena.get(PATH);
  const value = Math.max(2, IMAGES / chosen.length);
  expect(body).toMatchObject({
    ...{ from: '2022-05-19', to: null, exposed: IMAGES, flaggedBefore: 0 },
    ...{ confirmed: 2, confirmedFlagged: 1, confirmedDetected: 1 },
    sample: { chosen: chosen.length, decided: chosen.length, unsafe: 1, skipped: 0 },
  });
  expect(body.prevalence.value).toBeCloseTo(value / IMAGES, 9);
  expect(body.prevalence.low).toBeLessThan(body.prevalence.value + 1e-9);
  expect(body.prevalence.high).toBeGreaterThan(body.prevalence.value);
  expect(body.flagRecall.value).toBeCloseTo(1 / value, 9);
  expect((await lena.get(`${PATH}?to=2022-05-18`)).body).toMatchObject({ exposed: 0, prevalence: null });
  // A violation all the same, and no flag.
  const after = await whole();
  expect(after).toMatchObject({ flagged: before.flagged + 1, flaggedShare: { hits: 1 }, violationRate: { hits: 2 } });
  expect(after.cases).toEqual({ ...before.cases, confirmed: before.cases.confirmed + 1 });
  const enforced = await gatehouse.administrator.get(`/v1/enforcements/${unsafe}`);
  expect(enforced.body).toMatchObject({ accountId: `owner-${unsafe}`, isInForce: true });
  // Nobody flagged it, whatever its case showed the reviewer.
  expect(enforced.body.statement).toMatchObject({ decidedBy: 'reviewers', notedBy: null });
});

it('is shown by the command line and as metrics, and to nobody who reviews', async () => {
  const shown = await text('metrics', 'prevalence');
  expect(shown).toMatch(/found by detectors +\S+% \(95% interval/);
  now += 60_000;
  const { body } = await gatehouse.administrator.get('/metrics');
  expect(body).toContain(`gatehouse_safety_sampled_images{status="decided"} ${chosen.length}`);
  expect(body).toMatch(/^gatehouse_safety_prevalence\{bound="high"\} 0\.\d+$/m);
  expect(body).toMatch(/^gatehouse_safety_recall\{of="detectors",bound="low"\} 0\.\d+$/m);
  expect((await rita.get(PATH)).status).toBe(403);
  expect((await lena.get(`${PATH}?from=yesterday`)).status).toBe(400);
});

it('looks like the flagged cases of its queue to a reviewer, also once decided, and its decision names no category', async () => {
  const queues = [{ id: 'default' }, { id: 'calm' }];
  const rules = { queues, rules: [{ queue: 'calm', categories: ['spam'] }], default: 'default', patienceHours: 24 };
  expect((await lena.put('/v1/queues', { ...rules, reason: 'two kinds' })).status).toBe(200);
  const unknown = await lena.put(SAMPLING, { prevalenceQueue: 'nowhere', reason: 'a typo' });
  expect([unknown.status, unknown.body.type]).toEqual([404, expect.stringContaining('queue-unknown')]);
  const shown = await text('sampling', 'set', '--prevalence-queue', 'calm', '--reason', 'for the trained');
  expect(shown).toMatch(/their queue +calm/);
  const flag = { flaggedBy: 'acc-9', flaggerKind: 'user' };
  await send(
    ...['a', 'b', 'c'].map((name): [string, Record<string, unknown>] => [
      'ContentFlagged',
      { ...flag, imageId: `spam-${name}`, categories: ['spam'] },
    ]),
  );
  const before = await samples();
  now += 60_000;
  await send(...exposed('later', IMAGES));
  const later = (await samples()).filter((id) => !before.includes(id));
  expect(later.length).toBeGreaterThan(0);
  const listed = (await rita.get('/v1/cases?queue=calm&category=spam&limit=100')).body.items;
  const ids = listed.map(({ caseId }: { caseId: string }) => caseId);
  expect(ids).toEqual(expect.arrayContaining([...later, 'spam-a']));
  const { body: review } = await rita.get(`/v1/cases/${later[0]}/review`);
  expect(review.categories).toEqual((await rita.get('/v1/cases/spam-a/review')).body.categories);
  // A bulk job over a category has only cases of which a flag names it.
  const preview = { action: 'dismiss', category: 'spam', reason: 'how many?' };
  expect((await lena.post('/v1/bulk-jobs', preview)).body.matched).toBe(3);
  expect((await judge(rita, later[0]!, 'safe')).body.status).toBe('dismissed');
  await gatehouse.settle();
  expect((await rita.get(`/v1/cases/${later[0]}`)).body.categories).toEqual(['spam']);
  const closed = (await rita.get('/v1/cases?status=dismissed&category=spam')).body.items;
  expect(closed).toMatchObject([{ caseId: later[0], categories: ['spam'] }]);
  const decisions = await wholeLog(gatehouse.app.get(EVENT_STORE), ['ReviewDismissed']);
  expect(decisions.at(-1)!.data).toMatchObject({ caseId: later[0], categories: [] });
  const back = await text('sampling', 'set', '--no-prevalence-queue', '--reason', 'by the rules');
  expect(back).toMatch(/their queue +by the rules/);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
