import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { isOf, type RecordedOf } from '../../libs/events/event-definition.js';
import { ContentFlagged } from '../../libs/images/index.js';
import { FlagRates } from '../../libs/review/queries/flag-rates.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const PER_HOUR = 3;
const HOUR_MS = 3_600_000;
const FLOOD = 'acc-flood';
let now: number;
let gatehouse: TestGatehouse;
let service: Client;
let lena: Client;
let rita: Client;
/** A reviewer with the name of the account that floods. */
let flooder: Client;

beforeAll(async () => {
  now = Date.parse('2022-05-18T09:00:00Z');
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: { GATEHOUSE_FLAGS_PER_HOUR: String(PER_HOUR), GATEHOUSE_ISOLATION_HOURS: '2' },
  });
  service = await gatehouse.as('images', 'service');
  lena = await gatehouse.as('lena', 'lead');
  rita = await gatehouse.as('rita', 'reviewer');
  flooder = await gatehouse.as(FLOOD, 'reviewer');
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

async function flag(imageId: string, flaggedBy = FLOOD, minutes = 0, flaggerKind = 'user') {
  const data = { imageId, accountId: 'owner', flaggedBy, flaggerKind, categories: ['violent'] };
  const time = new Date(now + minutes * 60_000).toISOString();
  expect((await service.post('/v1/events', cloudEvent('ContentFlagged', data, { time }))).status).toBeLessThan(300);
}
const hasCase = async (imageId: string) => (await lena.get(`/v1/cases/${imageId}`)).status === 200;
const flaggers = async () => (await lena.get('/v1/isolated-flags')).body.items;
const flagsOf = async (flagger: string) => (await lena.get(`/v1/isolated-flags/${flagger}`)).body.items;

async function allFlags(): Promise<RecordedOf<typeof ContentFlagged>[]> {
  const flags: RecordedOf<typeof ContentFlagged>[] = [];
  for (let after = 0; ; ) {
    const { events, next } = await gatehouse.runtime.store.readAll(after);
    for (const event of events) if (isOf(ContentFlagged, event)) flags.push(event);
    if (next === after) return flags;
    after = next;
  }
}

it('keeps the flags beyond the limit apart, also for a decision ahead of every consumer', async () => {
  for (const [n, imageId] of ['f-1', 'f-2', 'f-3', 'f-4', 'f-5'].entries()) await flag(imageId, FLOOD, n);
  await flag('other', 'acc-9');
  // No consumer and no view has reached them.
  expect(codeOf(await rita.get('/v1/cases/f-5/review'))).toEqual([404, 'case-unknown']);
  // The later one first.
  expect(codeOf(await rita.post('/v1/cases/f-5/claim'))).toEqual([404, 'case-unknown']);
  expect(codeOf(await rita.post('/v1/cases/f-4/claim'))).toEqual([404, 'case-unknown']);
  await gatehouse.settle();
  const cases = await Promise.all(['f-1', 'f-2', 'f-3', 'f-4', 'f-5', 'other'].map(hasCase));
  expect(cases).toEqual([true, true, true, false, false, true]);
  expect(await flaggers()).toMatchObject([
    {
      ...{ flaggedBy: FLOOD, flaggerKind: 'user', isIsolated: true, perHour: PER_HOUR, waiting: 2 },
      ...{ since: '2022-05-18T09:03:00.000Z', until: '2022-05-18T11:03:00.000Z' },
    },
  ]);
  expect(await flagsOf(FLOOD)).toMatchObject([
    { imageId: 'f-4', categories: ['violent'], isReplayed: false },
    { imageId: 'f-5' },
  ]);
  expect(await flagsOf('acc-9')).toEqual([]);
});

it('says the same of a flag in any order, before and after the views have it', async () => {
  const rates = gatehouse.app.get(FlagRates);
  for (let n = 0; n < 8; n++) await flag(`d-${n}`, 'det-1', n * 12 - 84, 'detector');
  const flags = (await allFlags()).filter(({ data }) => data.flaggedBy === 'det-1');
  const ask = async (some: typeof flags) => {
    const said: [string, string][] = [];
    for (const one of some) said.push([one.data.imageId, await rates.treatmentOf(one)]);
    return said;
  };
  const before = await ask(flags);
  expect(before.map(([, treatment]) => treatment)).toEqual([
    ...['usual', 'usual', 'usual', 'excessive'],
    ...['excessive', 'excessive', 'excessive', 'excessive'],
  ]);
  expect((await ask([...flags].reverse())).reverse()).toEqual(before);
  await gatehouse.settle();
  const apart = (said: [string, string][]) => said.map(([id, treatment]) => [id, treatment !== 'usual']);
  expect(apart(await ask(flags))).toEqual(apart(before));
  // Staff answers for what it flags.
  for (let n = 0; n < 5; n++) await flag(`s-${n}`, 'steve', n, 'staff');
  await gatehouse.settle();
  expect(await hasCase('s-4')).toBe(true);
});

it('lets nobody review an image whose flag of theirs is kept apart', async () => {
  await flag('f-4', 'acc-8');
  await gatehouse.settle();
  expect(codeOf(await flooder.post('/v1/cases/f-4/claim'))).toEqual([409, 'own-flag']);
  expect((await rita.post('/v1/cases/f-4/claim')).status).toBe(200);
});

it('does not put it into a case that is decided meanwhile', async () => {
  await flag('f-5', 'acc-8');
  await gatehouse.settle();
  const { token } = (await rita.post('/v1/cases/f-5/claim')).body;
  expect((await rita.post('/v1/cases/f-5/verdicts', { token, verdict: 'safe', answerTimeMs: 1_000 })).status).toBe(200);
  expect((await lena.get('/v1/cases/f-5')).body).toMatchObject({ status: 'dismissed', round: 1 });
});

it('reports how many flaggers it concerns', async () => {
  const { body } = await gatehouse.administrator.get('/metrics');
  expect(body).toMatch(/^gatehouse_isolated_flaggers 2$/m);
});

it('replays what is kept apart for leads, once', async () => {
  const reason = 'they are right';
  expect((await rita.post(`/v1/isolated-flags/${FLOOD}/replay`, { reason })).status).toBe(403);
  expect(codeOf(await lena.post('/v1/isolated-flags/acc-9/replay', { reason }))).toEqual([404, 'flagger-not-isolated']);
  const first = await lena.post(`/v1/isolated-flags/${FLOOD}/replay`, { reason });
  expect(first.status).toBe(200);
  await gatehouse.settle();
  // It was decided without this flag.
  expect((await lena.get('/v1/cases/f-5')).body).toMatchObject({ status: 'open', round: 2, flaggers: [FLOOD] });
  expect((await lena.get('/v1/cases/f-4')).body.flaggers).toEqual(['acc-8', FLOOD]);
  expect((await flagsOf(FLOOD)).map(({ isReplayed }: { isReplayed: boolean }) => isReplayed)).toEqual([true, true]);
  expect((await flaggers()).find(({ flaggedBy }: { flaggedBy: string }) => flaggedBy === FLOOD).waiting).toBe(0);
  const head = await gatehouse.runtime.store.head();
  expect((await lena.post(`/v1/isolated-flags/${FLOOD}/replay`, { reason })).status).toBe(200);
  expect(await gatehouse.runtime.store.head()).toBe(head);
});

it('opens cases for later flags again once a lead releases the flagger, or the time is over', async () => {
  await flag('still-apart', FLOOD, 10);
  const reason = 'its threshold was corrected';
  expect((await rita.delete(`/v1/isolated-flags/${FLOOD}?reason=x`)).status).toBe(403);
  expect(codeOf(await lena.delete(`/v1/isolated-flags/acc-9?reason=x`))).toEqual([404, 'flagger-not-isolated']);
  const released = await lena.delete(`/v1/isolated-flags/${FLOOD}?reason=${encodeURIComponent(reason)}`);
  expect(released.status).toBe(200);
  const { position } = released.body;
  expect((await lena.delete(`/v1/isolated-flags/${FLOOD}?reason=x`)).body.position).toBe(position);
  for (let n = 0; n <= PER_HOUR; n++) await flag(`after-${n}`, FLOOD, 11 + n);
  await gatehouse.settle();
  const opened = await Promise.all(['after-0', 'after-1', 'after-2', 'after-3', 'still-apart'].map(hasCase));
  expect(opened).toEqual([true, true, true, false, false]);
  now += 4 * HOUR_MS;
  await flag('much-later', 'det-1', 0, 'detector');
  await gatehouse.settle();
  expect(await hasCase('much-later')).toBe(true);
  now -= 4 * HOUR_MS;
});

it('is shown and led from the command line', async () => {
  now += HOUR_MS;
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  expect((await cli.run('flagger', 'list')).stdout).toMatch(/acc-flood .*user .*yes/);
  expect((await cli.run('flagger', 'flags', FLOOD)).stdout).toMatch(/after-3/);
  const why = ['--reason', 'a test'];
  expect(await cli.run('flagger', 'replay', FLOOD, ...why)).toMatchObject({ code: 0 });
  expect((await cli.run('flagger', 'release', FLOOD, ...why)).stdout).toContain('open cases again');
  await gatehouse.settle();
  expect(await hasCase('after-3')).toBe(true);
  expect((await cli.run('flagger', 'list')).stdout).toMatch(/acc-flood .*user .*no/);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
