import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SubjectEvents } from '../../libs/history/index.js';
import { MetricsMoves, type MovesPage } from '../../libs/history/queries/metrics-moves.js';
import type { Position } from '../../libs/kernel/envelope.js';
import { cliFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

interface MovedEvent {
  position: string;
  type: string;
  time: string;
  isLater: boolean;
  moved: { figure: string; by: number }[];
}

let gatehouse: TestGatehouse;
let compliance: Client;
let service: Client;
/** The position after which all of this happened. */
let early: Position;

const send = async (...events: unknown[]) => {
  const { body } = await service.post('/v1/events', events);
  expect(JSON.stringify(body)).not.toMatch(/refused|rejected|quarantined/);
  await gatehouse.settle();
};
const flag = (imageId: string, flaggedBy: string) =>
  cloudEvent('ContentFlagged', { imageId, flaggedBy, flaggerKind: 'user', categories: ['violent'] });

beforeAll(async () => {
  gatehouse = await startGatehouse();
  compliance = await gatehouse.as('carla', 'compliance');
  service = await gatehouse.as('images', 'service');
  const rita = await gatehouse.as('rita', 'reviewer');
  await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 100 });
  await send(cloudEvent('WaitlistJoined', { accountId: 'acc-1', email: 'acc-1@example.org' }));
  await gatehouse.administrator.post('/v1/cohorts', { cohortId: 'first', accounts: ['acc-1'] });
  for (const n of [1, 2, 3])
    await send(
      cloudEvent('ImageGenerated', { imageId: `img-${n}`, accountId: 'acc-1' }, { time: `2022-05-1${n}T09:00:00Z` }),
      cloudEvent('ImageShared', { imageId: `img-${n}`, accountId: 'acc-1' }, { time: `2022-05-2${n}T09:00:00Z` }),
      // Shared again, and downloaded: the image was exposed before.
      cloudEvent('ImageDownloaded', { imageId: `img-${n}`, accountId: 'acc-1' }, { time: `2022-05-2${n}T10:00:00Z` }),
    );
  early = await gatehouse.runtime.store.head();
  await send(flag('img-1', 'acc-7'), flag('img-1', 'acc-8'), flag('img-2', 'acc-7'));
  expect((await judge(rita, 'img-1', 'unsafe')).status).toBe(200);
  expect((await judge(rita, 'img-2', 'safe')).status).toBe(200);
  await gatehouse.settle();
  await gatehouse.administrator.post('/v1/accounts/acc-1/reinstatement', { reason: 'a mistake' });
  // Reported late: it happened before everything.
  await send(cloudEvent('ImageGenerated', { imageId: 'img-4', accountId: 'acc-1' }, { time: '2022-05-01T09:00:00Z' }));
  await gatehouse.settle();
});
afterAll(() => gatehouse?.close());

const read = async (query: Record<string, string> = {}) =>
  compliance.get(`/v1/audit/metrics?${new URLSearchParams(query)}`);

/** All pages. */
async function history(query: Record<string, string>, limit: string) {
  const events: MovedEvent[] = [];
  let cursor: string | undefined;
  for (;;) {
    const { status, body } = await read({ ...query, limit, ...(cursor !== undefined && { cursor }) });
    expect(status).toBe(200);
    events.push(...body.events);
    cursor = body.nextCursor;
    if (cursor === undefined) return { ...body, events };
  }
}

const sums = (events: readonly MovedEvent[]) => {
  const found: Record<string, number> = {};
  for (const { moved } of events) for (const { figure, by } of moved) found[figure] = (found[figure] ?? 0) + by;
  return found;
};
/** What the figures have of the same counts. */
const countsIn = ({
  figures: { generated, shared, exposed, flags, flagged, cases, deactivated, reinstated },
}: {
  // biome-ignore lint/suspicious/noExplicitAny: figures by name
  figures: any;
}) => ({
  ...{ generated, shared, exposed, flags, flagged, deactivated, reinstated },
  ...{ cases_open: cases.open, cases_confirmed: cases.confirmed, cases_dismissed: cases.dismissed },
});
const withoutZeros = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));

it('names the events that moved each count: at every position, they add up to the figures', async () => {
  const head = await gatehouse.runtime.store.head();
  for (let position = 0; position <= head; position++) {
    const found = await history({ asOf: String(position) }, position % 3 === 0 ? '2' : '100');
    expect(found.asOf).toEqual({ position: String(position), time: null, by: 'recorded' });
    const made = found.events.filter(({ isLater }: MovedEvent) => !isLater);
    const { exposed_flagged: _, exposed_confirmed: __, exposed_dismissed: ___, ...counts } = sums(made);
    expect([position, withoutZeros(counts)]).toEqual([position, withoutZeros(countsIn(found))]);
    expect(made.every((event: MovedEvent) => Number(event.position) <= position)).toBe(true);
    expect([found.areMovesComplete, found.lookedUpTo]).toEqual([true, found.position]);
  }
}, 120_000);

it('ends a page where it has folded enough, and goes on with the next: together they have every move', async () => {
  const { store } = gatehouse.runtime;
  const subjects = gatehouse.app.get(SubjectEvents);
  const head = await store.head();
  const whole = await new MetricsMoves(store, subjects).read(0, head, 500);
  expect(whole).toMatchObject({ isLast: true, next: head });
  for (const most of [0, 1, 5, 20]) {
    const moves = new MetricsMoves(store, subjects, most);
    const found: MovesPage['moves'] = [];
    let pages = 0;
    for (let page: MovesPage | undefined; !page?.isLast; pages++) {
      const after = page?.next ?? 0;
      page = await moves.read(after, head, 500);
      expect(page.next).toBeGreaterThan(after);
      found.push(...page.moves);
    }
    expect([most, found]).toEqual([most, whole.moves]);
    expect(pages).toBeGreaterThan(1);
  }
});

it('says what has become of each figure, and which events did that', async () => {
  const { figures, figuresNow, changes, events } = await history({ asOf: String(early) }, '100');
  expect([figures.flagged, figuresNow.flagged, figures.generated, figuresNow.generated]).toEqual([0, 2, 3, 4]);
  expect(changes).toContainEqual({ path: '/flagged', before: 0, after: 2 });
  const later = events.filter(({ isLater }: MovedEvent) => isLater);
  const flags = later.filter(({ type }: MovedEvent) => type === 'ContentFlagged');
  expect(flags.map(({ moved }: MovedEvent) => moved.find(({ figure }) => figure === 'flags'))).toEqual(
    Array.from({ length: 3 }, () => ({ figure: 'flags', by: 1 })),
  );
  expect(new Set(events.map(({ type }: MovedEvent) => type))).not.toContain('ImageDownloaded');
});

it('counts by event time what had happened, whenever it was stored', async () => {
  const asOf = '2022-05-12T00:00:00Z';
  const recorded = (await read({ asOf })).body;
  expect([recorded.figures.generated, recorded.events.filter(({ isLater }: MovedEvent) => !isLater)]).toEqual([0, []]);
  const happened = await history({ asOf, by: 'event-time' }, '100');
  const made = happened.events.filter(({ isLater }: MovedEvent) => !isLater);
  expect([happened.figures.generated, happened.figures.shared]).toEqual([2, 0]);
  expect(made.map(({ type, time }: MovedEvent) => [type, time.slice(0, 10)])).toEqual([
    ['ImageGenerated', '2022-05-11'],
    ['ImageGenerated', '2022-05-01'],
  ]);
  const known = (await read({ asOf, by: 'event-time', known: String(early) })).body;
  expect([known.figures.generated, known.asOf.position]).toEqual([1, String(early)]);
});

it('refuses what it can’t compare', async () => {
  expect((await read({ by: 'event-time' })).status).toBe(400);
  expect((await read({ by: 'event-time', asOf: '5' })).status).toBe(400);
  expect((await read({ asOf: '5', known: '7' })).status).toBe(400);
  const unstored = await read({ by: 'event-time', asOf: '2022-05-12T00:00:00Z', known: '999999999' });
  expect(unstored).toMatchObject({ status: 400, body: { errors: [{ field: 'known' }] } });
  expect((await read({ asOf: '999999999' })).status).toBe(410);
  expect((await service.get('/v1/audit/metrics')).status).toBe(403);
});

it('is shown by the command line', async () => {
  const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const shown = await cli.run('audit', 'metrics', '--at', String(early), '--json');
  expect(shown.json()).toMatchObject({ figures: { generated: 3 }, figuresNow: { generated: 4 } });
  const text = await cli.run('audit', 'metrics', '--as-of', '2022-05-12T00:00:00Z', '--by', 'event-time');
  expect(text.stdout).toMatch(/events that moved them:\n.*ImageGenerated .*generated \+1/);
  expect(text.stdout).toMatch(/later:\n/);
  const few = await cli.run('audit', 'metrics', '--limit', '2');
  expect(few.stderr).toContain('there are more than 2 events');
});
