import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Transactor } from '../../libs/event-store/transact.js';
import { CLOCK, POOL, SETTINGS } from '../../libs/platform/ports.js';
import { unflaggedOpening } from '../../libs/review/index.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const ORIGINS = ['flags', 'sample', 'golden'] as const;
type Origin = (typeof ORIGINS)[number];

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;

const imageOf = (origin: Origin) => `img-${origin}`;
const cause = { actor: { kind: 'process', id: 'spec' }, correlationid: 'spec' } as const;

async function open(origin: Origin): Promise<void> {
  const imageId = imageOf(origin);
  const accountId = `owner-${origin}`;
  await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId, accountId, prompt: 'a horse' }));
  await gatehouse.settle();
  if (origin === 'flags') {
    const flag = { flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] };
    await service.post('/v1/events', cloudEvent('ContentFlagged', { imageId, ...flag }));
  } else {
    const { app } = gatehouse;
    const ports = { transactor: app.get(Transactor), clock: app.get(CLOCK), pool: app.get(POOL) };
    const introduce = unflaggedOpening({ ...ports, settings: app.get(SETTINGS) });
    const chosenAt = new Date(now).toISOString();
    const opening = { imageId, accountId, origin, categories: ['violent'], chosenAt };
    const { state } = await introduce(opening, cause);
    expect((await introduce(opening, cause)).state).toEqual(state);
  }
  await gatehouse.settle();
}

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now }, env: { GATEHOUSE_CLAIMS_PER_REVIEWER: '0' } });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  await gatehouse.settle();
  for (const origin of ORIGINS) await open(origin);
});
afterAll(() => gatehouse.close());

/** What any two cases differ in: ids, and their places in the log. What stands for flags and flaggers differs by case. */
const withoutNames = (answer: object, origin: Origin): unknown =>
  JSON.parse(
    JSON.stringify(answer, (name, value) => (['position', 'token'].includes(name) ? 'any' : value))
      .replaceAll(imageOf(origin), 'the-case')
      .replaceAll(`owner-${origin}`, 'the-owner')
      .replaceAll(/"(flag|flagger)-[0-9a-f]{16}"/g, '"stands-for-$1"'),
  );

async function seen(origin: Origin): Promise<unknown> {
  const path = `/v1/cases/${imageOf(origin)}`;
  const lists = [
    '/v1/cases',
    '/v1/cases?status=open',
    `/v1/cases?account=owner-${origin}`,
    '/v1/cases?category=violent',
  ];
  const listed = lists.map(async (list) =>
    (await rita.get(list)).body.items.filter((one: { caseId: string }) => one.caseId === imageOf(origin)),
  );
  const paths = [path, `${path}/review`, `/v1/images/${imageOf(origin)}`, `/v1/images/${imageOf(origin)}/preview`];
  const shown = paths.map(async (one) => {
    const { status, body, headers } = await rita.get(one);
    const named = [...headers.keys()].filter((name) => name !== 'content-length').sort();
    return { status, body: typeof body === 'object' ? { ...body, instance: 'any' } : body, named };
  });
  return withoutNames({ lists: await Promise.all(listed), shown: await Promise.all(shown) }, origin);
}

it('shows a reviewer the same of a case, whatever it was opened for', async () => {
  const ordinary = await seen('flags');
  expect(ordinary).toMatchObject({
    lists: [[{ flags: [{ flagId: 'stands-for-flag', flaggedBy: 'stands-for-flagger' }] }], [{}], [{}], [{}]],
  });
  expect(await seen('sample')).toEqual(ordinary);
  expect(await seen('golden')).toEqual(ordinary);
});

it('gives them to a reviewer in the order of any queue', async () => {
  const { queues } = (await rita.get('/v1/queues')).body;
  expect(queues).toMatchObject([{ open: 3 }]);
  const next: { claim: { caseId: string } }[] = [];
  for (const _ of ORIGINS) next.push((await rita.post('/v1/queues/default/next')).body);
  const of = (origin: Origin) => next.find(({ claim }) => claim.caseId === imageOf(origin))!;
  const ordinary = withoutNames(of('flags'), 'flags');
  expect(withoutNames(of('sample'), 'sample')).toEqual(ordinary);
  expect(withoutNames(of('golden'), 'golden')).toEqual(ordinary);
  const reveals = async (origin: Origin) => {
    const answers = ['prompt', 'comments'].map((level) =>
      rita.post(`/v1/cases/${imageOf(origin)}/reveals`, { level, reason: 'unclear' }),
    );
    return withoutNames(
      (await Promise.all(answers)).map(({ status, body }) => ({ status, body })),
      origin,
    );
  };
  expect(await reveals('flags')).toMatchObject([
    { body: { prompt: 'a horse' } },
    { body: { comments: [], unavailable: 0 } },
  ]);
  expect(await reveals('sample')).toEqual(await reveals('flags'));
  now += 60_000;
  await gatehouse.settle();
  expect(await seen('sample')).toEqual(await seen('flags'));
  expect(await seen('golden')).toEqual(await seen('flags'));
});

it('hides who flagged by a name that is the same for one flagger in one case', async () => {
  const imageId = imageOf('flags');
  const again = { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['hate'], comment: 'ugly' };
  await service.post('/v1/events', cloudEvent('ContentFlagged', again));
  await service.post('/v1/events', cloudEvent('ContentFlagged', { ...again, imageId: imageOf('sample') }));
  await gatehouse.settle();
  const entry = async (reader: Client, origin: Origin) =>
    (await reader.get('/v1/cases')).body.items.find((one: { caseId: string }) => one.caseId === imageOf(origin));
  const [first, second] = (await entry(rita, 'flags')).flags;
  expect(second.flaggedBy).toBe(first.flaggedBy);
  const joined = await entry(rita, 'sample');
  expect(joined).toMatchObject({ flagsReceived: 2, categories: ['hate', 'violent'] });
  expect(new Set(joined.flags.map((one: { flaggedBy: string }) => one.flaggedBy)).size).toBe(2);
  const { flaggers } = (await rita.get(`/v1/cases/${imageOf('sample')}`)).body;
  expect(flaggers).toEqual(joined.flags.map((one: { flaggedBy: string }) => one.flaggedBy).sort());
  const { comments } = (await rita.post(`/v1/cases/${imageId}/reveals`, { level: 'comments', reason: 'why' })).body;
  expect(comments).toEqual([{ flagId: second.flagId, flaggedBy: first.flaggedBy, comment: 'ugly' }]);
  const lena = await gatehouse.as('lena', 'lead');
  expect(await entry(lena, 'sample')).toMatchObject({ flagsReceived: 1, flags: [{ flaggedBy: 'acc-9' }] });
  expect((await lena.get(`/v1/cases/${imageId}`)).body.flaggers).toEqual(['acc-9']);
});

it('shows the origin to leads, compliance and administrators, who can ask for it, and to nobody else', async () => {
  for (const role of ['lead', 'compliance', 'administrator'] as const) {
    const reader = await gatehouse.as(`a-${role}`, role);
    for (const origin of ORIGINS) {
      const { items } = (await reader.get(`/v1/cases?origin=${origin}`)).body;
      expect(items).toMatchObject([{ caseId: imageOf(origin), origin }]);
      expect((await reader.get(`/v1/cases/${imageOf(origin)}`)).body).toMatchObject({ origin });
    }
  }
  for (const role of ['reviewer', 'operator', 'service'] as const) {
    const reader = await gatehouse.as(`a-${role}`, role);
    const { status, body } = await reader.get('/v1/cases?origin=golden');
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ field: '/origin' })]]);
    const listed = (await reader.get('/v1/cases')).body.items;
    expect(JSON.stringify(listed)).not.toMatch(/origin|golden":/);
    expect(listed).toHaveLength(role === 'reviewer' ? 3 : 2);
    expect((await reader.get(`/v1/cases/${imageOf('golden')}`)).status).toBe(role === 'reviewer' ? 200 : 404);
  }
});
