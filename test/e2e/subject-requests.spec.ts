import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { erasureContext } from '../../libs/erasure/index.js';
import { commandLineFor } from '../support/cli-process.js';
import { concerns } from '../support/concerned.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { wholeLog } from '../support/whole-log.js';

const DAY_MS = 86_400_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let carol: Client;
let service: Client;
let rita: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: { GATEHOUSE_ERASURE_COOLING_HOURS: '0', GATEHOUSE_CLAIM_LEASE_MS: String(DAY_MS) },
  });
  carol = await gatehouse.as('carol', 'compliance');
  service = await gatehouse.as('web-site', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
});
afterAll(() => gatehouse.close());

const refusal = (status: number, code: string) => ({ status, body: { type: expect.stringMatching(`${code}$`) } });
const join_ = async (email: string) => (await service.post('/v1/waitlist', { email })).body.accountId as string;
const erase = async (person: string) => {
  await carol.post(`/v1/persons/${person}/erasure`, { reason: 'the person asked for it' });
  for (let step = 0; step < 2; step++) {
    await gatehouse.settle();
    for (const schedule of erasureContext.schedules!(gatehouse.runtime)) await schedule.tick();
    await gatehouse.beat();
  }
  await gatehouse.settle();
  expect((await carol.get(`/v1/persons/${person}/erasure`)).body.status).toBe('erased');
};
const image = (imageId: string, accountId: string, prompt: string) =>
  cloudEvent('ImageGenerated', { imageId, accountId, prompt });
const flag = (imageId: string, flaggedBy: string, comment: string) =>
  cloudEvent('ContentFlagged', { imageId, flaggedBy, flaggerKind: 'user', categories: ['hate'], comment });
const reveal = async (level: string, caseId: string) =>
  (await rita.post(`/v1/cases/${caseId}/reveals`, { level, reason: 'the image alone is ambiguous' })).body;

describe('a request of a person', () => {
  const request = { requestId: 'r-1', person: 'acc-1', kind: 'export', receivedAt: '2022-05-01T09:00:00.000Z' };
  const overdue = async () =>
    /^gatehouse_subject_request_overdue_seconds (\d+)$/m.exec((await gatehouse.administrator.get('/metrics')).body)![1];

  it('is kept with its due time until it is answered', async () => {
    expect((await carol.post('/v1/subject-requests', request)).status).toBe(200);
    await carol.post('/v1/subject-requests', { ...request, requestId: 'r-2', receivedAt: '2022-04-01T09:00:00Z' });
    const late = { ...request, requestId: 'r-3', receivedAt: '2022-06-01T09:00:00Z' };
    expect((await carol.post('/v1/subject-requests', late)).status).toBe(400);
    await gatehouse.settle();
    const { items } = (await carol.get('/v1/subject-requests?open=true')).body;
    expect(items).toMatchObject([
      { requestId: 'r-2', dueAt: '2022-05-01T09:00:00.000Z' },
      { requestId: 'r-1', dueAt: '2022-05-31T09:00:00.000Z', closedAt: null },
    ]);
    expect(await overdue()).toBe(String((17 * DAY_MS) / 1000));
    const closing = { outcome: 'done', reason: 'sent by post' };
    expect((await carol.post('/v1/subject-requests/r-2/closing', closing)).status).toBe(200);
    const other = { ...closing, outcome: 'refused' };
    expect(await carol.post('/v1/subject-requests/r-2/closing', other)).toMatchObject(refusal(409, 'request-closed'));
    await gatehouse.settle();
    expect((await carol.get('/v1/subject-requests?open=true')).body.items).toMatchObject([{ requestId: 'r-1' }]);
    expect(await overdue()).toBe('0');
  });
});

describe('what is stored of a person', () => {
  let ada: string;
  beforeAll(async () => {
    ada = await join_('ada@example.org');
    await service.post('/v1/events', [
      image('img-1', ada, 'a horse on the moon'),
      flag('img-1', 'acc-8', 'look at the sign'),
      flag('img-7', ada, 'this one is spam'),
      image('img-2', 'acc-9', 'not hers'),
    ]);
    await gatehouse.settle();
    await rita.post('/v1/cases/img-1/claim');
    await reveal('prompt', 'img-1');
    await reveal('comments', 'img-1');
  });

  it('is exported with what they wrote, and without others', async () => {
    const { body } = await carol.post(`/v1/persons/${ada}/exports`, { reason: 'r-1' });
    expect(body).toMatchObject({ person: ada, atHead: true });
    const log = await wholeLog(gatehouse.runtime.store);
    const upTo = Number(body.next);
    expect(body.events.map((one: { position: string }) => Number(one.position))).toEqual(
      log
        .filter((one) => one.position <= upTo && concerns(ada, new Set(['img-1']), one))
        .map(({ position }) => position),
    );
    const text = JSON.stringify(body);
    for (const own of ['ada@example.org', 'a horse on the moon', 'this one is spam']) expect(text).toContain(own);
    for (const other of ['look at the sign', 'acc-8', 'acc-9', 'not hers', 'rita']) expect(text).not.toContain(other);
    for (const other of [service, rita])
      expect((await other.post(`/v1/persons/${ada}/exports`, { reason: 'r-1' })).status).toBe(403);
  });

  it('is saved by the command line as JSON and as a page', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-export-'));
    const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    const save = (option: string, name: string) =>
      cli.run('person', 'export', ada, option, join(directory, name), '--reason', 'r-1');
    await save('--out', 'ada.json');
    await save('--html', 'ada.html');
    const json = JSON.parse(await readFile(join(directory, 'ada.json'), 'utf8'));
    expect(json.events).toContainEqual(expect.objectContaining({ type: 'ImageGenerated' }));
    expect(await readFile(join(directory, 'ada.html'), 'utf8')).toContain('<dd>a horse on the moon</dd>');
    await rm(directory, { recursive: true });
  });

  it('has a report of who read it, for the person and for each reader', async () => {
    const { items, atHead } = (await carol.get(`/v1/accesses?person=${ada}`)).body;
    expect(atHead).toBe(true);
    expect(items.slice(0, 2)).toMatchObject([
      { reader: 'rita', role: 'reviewer', what: 'prompt', of: 'img-1' },
      { reader: 'rita', role: 'reviewer', what: 'comments', of: 'img-1' },
    ]);
    expect(items).toContainEqual(expect.objectContaining({ reader: 'carol', what: 'export', of: ada, reason: 'r-1' }));
    expect((await carol.get('/v1/accesses?reader=rita')).body.items).toHaveLength(2);
    const both = (await carol.get(`/v1/accesses?person=${ada}&reader=rita`)).body.items;
    expect(both).toEqual(items.slice(0, 2));
    const all = (await carol.get('/v1/accesses')).body.items;
    expect(
      all.filter((one: { position: string }) =>
        items.some((own: { position: string }) => own.position === one.position),
      ),
    ).toEqual(items);
    expect((await carol.get('/v1/accesses?person=acc-9')).body.items).toEqual([]);
    expect((await rita.get('/v1/accesses')).status).toBe(403);
  });

  it('is without what was erased, also of images that are flagged afterwards', async () => {
    await erase(ada);
    const text = JSON.stringify((await carol.post(`/v1/persons/${ada}/exports`, { reason: 'r-1' })).body);
    expect(text).toContain('"prompt":"erased"');
    expect(text).not.toMatch(/horse|ada@|spam/);
    await service.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId: 'img-3', accountId: ada }),
      flag('img-3', 'acc-8', 'it shows her house'),
    ]);
    await gatehouse.settle();
    await rita.post('/v1/cases/img-3/claim');
    expect(await reveal('comments', 'img-3')).toMatchObject({ comments: [], unavailable: 1 });
  });
});

describe('who joins again after an erasure', () => {
  it('is a new account if they were waiting, which leaves the waitlist', async () => {
    const ben = await join_('ben@example.org');
    await erase(ben);
    expect((await carol.get(`/v1/accounts/${ben}`)).body.status).toBe('left');
    const again = await join_('ben@example.org');
    expect(again).not.toBe(ben);
    expect(await join_('ben@example.org')).toBe(again);
  });

  it('is recognized if they were deactivated, unless a setting says otherwise', async () => {
    const [cem, dan] = [await join_('cem@example.org'), await join_('dan@example.org')];
    for (const account of [cem, dan])
      await gatehouse.administrator.post(`/v1/accounts/${account}/deactivation`, { reason: 'operator-decision' });
    await erase(cem);
    const joining = await service.post('/v1/waitlist', { email: 'cem@example.org' });
    expect(joining).toMatchObject(refusal(409, 'account-deactivated'));

    Object.assign(gatehouse.runtime, { settings: { ...gatehouse.runtime.settings, recogniseErased: false } });
    await erase(dan);
    expect(await join_('dan@example.org')).not.toBe(dan);
  });
});

describe('retention', () => {
  const run = (body: object) =>
    carol.post('/v1/retention-runs', { dataClass: 'prompts', reason: 'kept for a month', ...body });
  const prompt = async (caseId: string) => {
    await rita.post(`/v1/cases/${caseId}/claim`);
    return (await reveal('prompt', caseId)).prompt;
  };

  const counts = async (through: string) => {
    await gatehouse.settle();
    const { body } = await carol.get(`/v1/retention-counts?dataClass=prompts&through=${through}`);
    expect(body).toMatchObject({ atHead: true });
    return { months: body.months, withoutMonth: body.withoutMonth };
  };

  it('destroys the keys of months that are over, after a dry run, and not what is held', async () => {
    const [eva, fay] = [await join_('eva@example.org'), await join_('fay@example.org')];
    await service.post('/v1/events', [
      ...[image('eva-1', eva, 'a cat'), flag('eva-1', 'acc-8', 'a claw')],
      ...[image('fay-1', fay, 'a dog'), flag('fay-1', 'acc-8', 'a tooth')],
    ]);
    await carol.post(`/v1/accounts/${fay}/legal-holds`, { holdId: 'court', reason: 'an order of a court' });
    await gatehouse.settle();
    expect((await run({ through: '202205', dryRun: true })).status).toBe(400);
    now += 31 * DAY_MS;
    expect((await run({ through: '202205', dryRun: true })).body).toMatchObject({ held: [fay], keyEpoch: null });
    expect(await prompt('eva-1')).toBe('a cat');
    await gatehouse.settle();
    // One is of an export above; what was erased above is not counted.
    expect(await counts('202205')).toEqual({ months: [{ month: '202205', readable: 2, held: 1 }], withoutMonth: 0 });
    expect(await counts('202204')).toEqual({ months: [], withoutMonth: 0 });
    const { scope } = (await run({ through: '202205', dryRun: true })).body;
    expect(await run({ through: '202204', dryRun: false, scope })).toMatchObject(refusal(409, 'retention-differs'));
    const { epoch } = gatehouse.runtime.personKeys.store;
    await carol.delete(`/v1/accounts/${fay}/legal-holds/court?reason=over`);
    await gatehouse.settle();
    // It would destroy what the dry run has counted as kept.
    expect(await run({ through: '202205', dryRun: false, scope })).toMatchObject(refusal(409, 'retention-differs'));
    expect(gatehouse.runtime.personKeys.store.epoch).toBe(epoch);
    await carol.post(`/v1/accounts/${fay}/legal-holds`, { holdId: 'court-2', reason: 'another order' });
    await gatehouse.settle();
    const { body } = await run({ through: '202205', dryRun: false, scope });
    expect(await counts('202205')).toMatchObject({ months: [{ month: '202205', readable: 0, held: 1 }] });
    expect(body).toMatchObject({ held: [fay], keyEpoch: gatehouse.runtime.personKeys.store.epoch });
    await gatehouse.settle();
    expect((await run({ through: '202205', dryRun: false })).body.keyEpoch).toBe(body.keyEpoch);
    expect(await prompt('eva-1')).toBeNull();
    expect((await reveal('comments', 'eva-1')).comments).toMatchObject([{ comment: 'a claw' }]);
    expect(await prompt('fay-1')).toBe('a dog');
  });

  it('is counted by month in the command line, which destroys only what it has counted', async () => {
    await gatehouse.settle();
    const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    const result = await cli.run('retention', 'comments', '202205', '--reason', 'kept for a month');
    expect(result.stdout).toMatch(/^comments of all months through 202205: would become unreadable\n/);
    expect(result.stdout).toMatch(/^202205 +\d+ +\d+$/m);
    const applied = await cli.run(
      'retention',
      'comments',
      '202205',
      '--reason',
      'kept for a month',
      '--apply',
      '--json',
    );
    expect(applied.json()).toMatchObject({ dryRun: false, months: [{ month: '202205' }] });
    await gatehouse.settle();
    const after = (await cli.run('retention', 'comments', '202205', '--reason', 'kept for a month', '--json')).json();
    expect(after.months.map(({ readable }: { readable: number }) => readable).filter(Boolean)).toEqual([]);
  });
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
