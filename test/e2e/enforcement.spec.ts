import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { until } from '../support/until.js';

/** Strikes count for a long time, since they begin when a confirmation is stored: by the clock of the database. */
const LADDER = [
  {
    strikeDays: 3_000,
    steps: [
      { strikes: 1, measure: 'restrict', action: 'share', days: 30 },
      { strikes: 2, measure: 'suspend', days: 30 },
      { strikes: 3, measure: 'deactivate' },
    ],
  },
];

let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let rita: Client;
let cli: ReturnType<typeof commandLineFor>;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-ladder-'));
  gatehouse = await startGatehouse();
  service = await gatehouse.as('image-service', 'service');
  operator = await gatehouse.as('olga', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  await operator.post('/v1/policy', { version: '1' });
  await operator.put('/v1/rollout/rate', { perWeek: 1000 });
});
afterAll(async () => {
  await gatehouse.close();
  await rm(directory, { recursive: true, force: true });
});

async function member(name: string): Promise<string> {
  const { accountId } = (await service.post('/v1/waitlist', { email: `${name}@example.org` })).body;
  expect((await operator.post('/v1/cohorts', { accounts: [accountId] })).status).toBe(202);
  await gatehouse.settle();
  expect((await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version: '1' })).status).toBe(200);
  return accountId;
}

/** @returns the position of the confirmation */
async function confirm(accountId: string, imageId: string): Promise<string> {
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId, accountId }),
    cloudEvent('ContentFlagged', { imageId, flaggedBy: 'det-1', flaggerKind: 'detector', categories: ['violent'] }),
  ]);
  await gatehouse.settle();
  const verdict = await judge(rita, imageId, 'unsafe');
  expect(verdict).toMatchObject({ status: 200, body: { status: 'confirmed' } });
  return verdict.body.position;
}

async function ask(id: string, action: string, imageId = 'img-none', minPosition?: string): Promise<string> {
  const position = minPosition ?? (await operator.get('/v1/status')).body.head;
  const { body } = await service.post('/access/v1/evaluation', {
    subject: { type: 'account', id },
    action: { name: action },
    resource: { type: 'image', id: imageId, properties: { photorealistic: false } },
    context: { minPosition: position },
  });
  return body.decision ? 'allowed' : body.context.reason;
}

const account = async (id: string) => (await operator.get(`/v1/accounts/${id}`)).body;
const reinstate = (id: string, cause?: string) =>
  operator.post(`/v1/accounts/${id}/reinstatement`, { reason: 'appeal-granted', ...(cause && { cause }) });
const text = async (...args: string[]) => {
  const result = await cli.run(...args);
  expect({ args, ...result }).toMatchObject({ code: 0 });
  return result.stdout;
};

describe('an image', () => {
  it('is withheld from everybody from the confirmation on, before anything is enforced, until it is restored', async () => {
    const [ann, ben] = [await member('ann'), await member('ben')];
    const position = await confirm(ann, 'img-ann');
    for (const action of ['share', 'download', 'flag'])
      expect([action, await ask(ben, action, 'img-ann', position)]).toEqual([action, 'image-withheld']);
    expect(await ask(ben, 'generate', 'img-ann', position)).toBe('allowed');
    await gatehouse.settle();
    expect((await rita.get('/v1/images/img-ann')).body.withheld).toBe(true);
    expect(await ask(ben, 'download', 'img-ann')).toBe('image-withheld');
    const restored = await operator.post('/v1/images/img-ann/restoration', { reason: 'appeal-granted' });
    expect(await ask(ben, 'download', 'img-ann', restored.body.position)).toBe('allowed');
    expect(await text('image', 'restore', 'img-ann', '--reason', 'appeal-granted')).toContain('is not withheld');
    expect(await text('image', 'show', 'img-ann')).toMatch(/withheld +no/);
  });

  it('is withheld because of a problem of the model too, which counts against nobody, until a lead restores it', async () => {
    const [amy, bob, lea] = [await member('amy'), await member('bob'), await gatehouse.as('lea', 'lead')];
    await service.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId: 'img-amy', accountId: amy }),
      cloudEvent('ImageDownloaded', { imageId: 'img-amy' }),
      cloudEvent('ContentFlagged', { imageId: 'img-amy', flaggedBy: 'x', flaggerKind: 'staff', categories: ['bias'] }),
    ]);
    await gatehouse.settle();
    const before = (await operator.get('/v1/safety/metrics')).body.whole;
    const safe = await cli.run('case', 'verdict', 'img-amy', 'safe', '--withhold');
    expect([safe.code, safe.stderr]).toEqual([2, expect.stringContaining('/withhold')]);
    const shown = await text('case', 'verdict', 'img-amy', 'model-problem', '--withhold');
    expect(shown).toContain('model-problem');
    for (const action of ['share', 'download', 'flag'])
      expect([action, await ask(bob, action, 'img-amy')]).toEqual([action, 'image-withheld']);
    expect(await ask(amy, 'generate')).toBe('allowed');
    await gatehouse.settle();
    expect((await rita.get('/v1/images/img-amy')).body).toMatchObject({ withheldBecause: 'model-problem' });
    expect(await text('image', 'show', 'img-amy')).toMatch(/withheld because +model-problem/);
    expect((await account(amy)).strikes ?? []).toEqual([]);
    const after = (await operator.get('/v1/safety/metrics')).body.whole;
    expect(after.violationRate).toEqual(before.violationRate);
    const restored = await lea.post('/v1/images/img-amy/restoration', { reason: 'harmless' });
    expect(restored.status).toBe(200);
    expect(await ask(bob, 'download', 'img-amy', restored.body.position)).toBe('allowed');
    expect((await rita.get('/v1/images/img-amy')).body).toMatchObject({ withheld: false, withheldBecause: null });
    await confirm(amy, 'img-amy-2');
    await gatehouse.settle();
    const refused = await lea.post('/v1/images/img-amy-2/restoration', { reason: 'harmless' });
    expect([refused.status, refused.body.type]).toEqual([409, expect.stringContaining('violation-confirmed')]);
  });

  it('is still withheld after a restart', async () => {
    const [dora, eve] = [await member('dora'), await member('eve')];
    await confirm(dora, 'img-dora');
    await gatehouse.settle();
    const second = await gatehouse.beside();
    const other = client(second.url, gatehouse.administratorToken);
    const question = {
      subject: { type: 'account', id: eve },
      action: { name: 'download' },
      resource: { type: 'image', id: 'img-dora' },
    };
    const reason = async () => (await other.post('/access/v1/evaluation', question)).body.context.reason;
    await until(async () => (await reason()) !== 'decision-point-stale');
    const denied = await reason();
    await second.close();
    expect(denied).toBe('image-withheld');
  });

  it('is shared by nobody but the account it was generated for', async () => {
    const [carl, dan] = [await member('carl'), await member('dan')];
    await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId: 'img-carl', accountId: carl }));
    await gatehouse.settle();
    expect(await ask(carl, 'share', 'img-carl')).toBe('allowed');
    expect(await ask(dan, 'share', 'img-carl')).toBe('not-image-owner');
    expect(await ask(dan, 'download', 'img-carl')).toBe('allowed');
  });
});

describe('causes', () => {
  it('are lifted one by one, and each is a reason of its own', async () => {
    const id = await member('fay');
    for (const imageId of ['img-fay-1', 'img-fay-2']) await confirm(id, imageId);
    await gatehouse.settle();
    expect(await account(id)).toMatchObject({
      deactivated: true,
      consequences: [
        { measure: 'deactivation', cause: 'img-fay-1' },
        { measure: 'deactivation', cause: 'img-fay-2' },
      ],
      why: [
        { reason: 'account-deactivated', caseId: 'img-fay-1', reviewers: ['rita'] },
        { reason: 'account-deactivated', caseId: 'img-fay-2', reviewers: ['rita'] },
      ],
    });
    await reinstate(id, 'img-fay-1');
    await reinstate(id, 'img-fay-1');
    await gatehouse.settle();
    expect(await ask(id, 'generate')).toBe('account-deactivated');
    expect(await text('account', 'why', id)).toContain('img-fay-2');
    const last = await text('account', 'reinstate', id, '--reason', 'appeal-granted', '--cause', 'img-fay-2');
    expect(last).toContain('nothing in force because of img-fay-2');
    expect(await ask(id, 'generate')).toBe('allowed');
    const published = await gatehouse.administrator.get(
      '/v1/log?types=AccountDeactivated,AccountReinstated,CauseLifted&limit=500',
    );
    const types = published.body.events.filter((one: { data: { accountId: string } }) => one.data.accountId === id);
    expect(types.map(({ type }: { type: string }) => type)).toEqual([
      'AccountDeactivated',
      'CauseLifted',
      'CauseLifted',
      'AccountReinstated',
    ]);
  });

  it('of another system add to those by hand, once however often its event is delivered', async () => {
    const ida = await member('ida');
    await operator.post(`/v1/accounts/${ida}/deactivation`, { reason: 'spam' });
    const event = cloudEvent('AccountDeactivated', { accountId: ida, reason: 'fraud', categories: [] });
    const outcomes: string[] = [];
    for (let sent = 0; sent < 2; sent++)
      outcomes.push((await service.post('/v1/events', event)).body.results[0].outcome);
    expect(outcomes).toEqual(['accepted', 'duplicate']);
    const deactivations = (await account(ida)).consequences;
    expect(deactivations).toHaveLength(2);
    await reinstate(ida, deactivations[0].cause);
    expect(await ask(ida, 'generate')).toBe('account-deactivated');
    await reinstate(ida, deactivations[1].cause);
    expect(await ask(ida, 'generate')).toBe('allowed');
    expect((await service.post('/v1/events', event)).body.results[0].outcome).toBe('duplicate');
    expect(await ask(ida, 'generate')).toBe('allowed');
  });

  it('by hand have an enforcement of their own, with a receipt', async () => {
    const id = await member('gus');
    const end = toIso(Date.now() + DAY_MS);
    await operator.post(`/v1/accounts/${id}/restriction`, { action: 'share', until: end, reason: 'spam' });
    await operator.post(`/v1/accounts/${id}/deactivation`, { reason: 'operator-decision' });
    await confirm(id, 'img-gus');
    await gatehouse.settle();
    const { items } = (await operator.get(`/v1/enforcements?account=${id}`)).body;
    expect(items).toMatchObject([
      { enforcementId: 'img-gus', caseId: 'img-gus', measure: 'deactivate', isInForce: true },
      { caseId: null, measure: 'deactivate', isInForce: true },
      { caseId: null, measure: 'restrict', action: 'share', until: end, isInForce: true },
    ]);
    const [, deactivation, restriction] = items;
    await reinstate(id, 'img-gus');
    expect(await ask(id, 'generate')).toBe('account-deactivated');
    await reinstate(id, deactivation.enforcementId);
    await gatehouse.settle();
    expect(await ask(id, 'generate')).toBe('allowed');
    expect(await ask(id, 'share')).toBe('share-restricted');
    expect(await text('account', 'why', id)).toContain('may not share until');
    const receipt = (await operator.get(`/v1/enforcements/${deactivation.enforcementId}`)).body;
    expect(receipt).toMatchObject({ accountId: id, isInForce: false, review: null, status: 'completed' });
    expect(receipt.events.map(({ type }: { type: string }) => type)).toEqual([
      'AccountDeactivated',
      'EnforcementOrdered',
      'EnforcementCompleted',
      'CauseLifted',
      'AccountReinstated',
    ]);
    await reinstate(id, restriction.enforcementId);
    await gatehouse.settle();
    expect(await ask(id, 'share')).toBe('allowed');
  });
});

describe('the ladder', () => {
  it('is shown, tried and set, with the condition that nobody changed it meanwhile', async () => {
    const before = (await operator.get('/v1/enforcement-ladder')).body;
    expect(before).toMatchObject({ isDefault: true, entries: [], history: [] });
    const file = join(directory, 'ladder.json');
    await writeFile(file, JSON.stringify(LADDER));
    const tried = (await operator.post('/v1/enforcement-ladder/dry-runs', { entries: LADDER })).body;
    expect(tried.changed).toBe(tried.cases);
    expect(tried.changed).toBeGreaterThan(0);
    expect(tried.items[0]).toMatchObject({
      actual: { measure: 'deactivate' },
      would: { measure: 'restrict', action: 'share', days: 30 },
    });
    expect(await text('ladder', 'dry-run', file)).toMatch(/deactivate +restrict/);
    expect((await operator.get('/v1/enforcement-ladder')).body).toEqual(before);
    const stale = { 'if-match': '"000000000000-7"' };
    const refused = await operator.put('/v1/enforcement-ladder', { entries: LADDER, reason: 'x' }, stale);
    expect(refused.status).toBe(412);
    const set = await text('ladder', 'set', file, '--reason', 'too strict', '--if-match', before.etag);
    expect(set).toContain('is in force from position');
    expect(await text('ladder', 'show')).toMatch(/any other +2 +suspend for 30 days/);
    const wrong = await operator.put('/v1/enforcement-ladder', {
      entries: [{ clause: 'violent', steps: [{ strikes: 1, measure: 'suspend' }] }],
      reason: 'x',
    });
    expect(wrong).toMatchObject({
      status: 400,
      body: { errors: [{ field: '/entries' }, { field: '/entries/0/steps/0/days' }] },
    });
  });

  it('decides by the number of active strikes what a confirmed violation leads to, from its position on', async () => {
    const id = await member('hal');
    const first = await confirm(id, 'img-hal-1');
    expect(await ask(id, 'share', 'img-none', first)).toBe('share-restricted');
    expect(await ask(id, 'generate', 'img-none', first)).toBe('allowed');
    await gatehouse.settle();
    expect([await ask(id, 'share'), await ask(id, 'generate')]).toEqual(['share-restricted', 'allowed']);
    const second = await confirm(id, 'img-hal-2');
    expect(await ask(id, 'generate', 'img-none', second)).toBe('account-suspended');
    await gatehouse.settle();
    expect((await account(id)).consequences).toMatchObject([
      { measure: 'suspension', cause: 'img-hal-2' },
      { measure: 'restriction', cause: 'img-hal-1', action: 'share' },
      { measure: 'strike', cause: 'img-hal-1' },
      { measure: 'strike', cause: 'img-hal-2' },
    ]);
    // Without the first strike, the third violation is the second.
    await reinstate(id, 'img-hal-1');
    await reinstate(id, 'img-hal-2');
    await gatehouse.settle();
    expect(await ask(id, 'share')).toBe('allowed');
    await confirm(id, 'img-hal-3');
    await gatehouse.settle();
    expect(await ask(id, 'share')).toBe('share-restricted');
    const receipt = (await operator.get('/v1/enforcements/img-hal-3')).body;
    expect(receipt).toMatchObject({
      measure: 'restrict',
      action: 'share',
      strikes: 1,
      clause: 'violent',
      isInForce: true,
      review: { caseId: 'img-hal-3', reviewers: ['rita'] },
    });
    expect(receipt.events.map(({ type }: { type: string }) => type).sort()).toEqual([
      'AccountRestricted',
      'EnforcementCompleted',
      'EnforcementOrdered',
      'ImageWithheld',
      'StrikeIssued',
    ]);
    expect(await text('enforcement', 'show', 'img-hal-3')).toMatch(/measure +restrict share/);
    expect(await text('enforcement', 'list', id)).toContain('img-hal-2');
    expect((await operator.get('/v1/enforcements/nothing')).status).toBe(404);
  });

  it('shows no decision points in the receipt of a strike, which changes none of their answers', async () => {
    const entries = [{ steps: [{ strikes: 1, measure: 'strike' }] }];
    expect((await operator.put('/v1/enforcement-ladder', { entries, reason: 'a test' })).status).toBe(200);
    await confirm('acc-ida', 'img-ida');
    await gatehouse.settle();
    expect((await account('acc-ida')).consequences).toMatchObject([{ measure: 'strike', cause: 'img-ida' }]);
    const { body } = await operator.get('/v1/enforcements/img-ida');
    expect(body).toMatchObject({ measure: 'strike', isInForce: true, decisionPoints: [] });
    expect(await text('enforcement', 'show', 'img-ida')).toContain('a strike denies nothing');
  });
});
