import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERASED } from '../../libs/platform/personal-data/encrypted-text.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let carol: Client;
let now = Date.parse('2022-05-18T09:00:00Z');

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  carol = await gatehouse.as('carol', 'compliance');
  const clauses = [
    { id: 'violent', title: 'No violence', severity: 2 },
    { id: 'minors', title: 'No minors', severity: 3 },
  ];
  await gatehouse.administrator.post('/v1/policy', { version: '1', clauses });
  await gatehouse.administrator.put('/v1/severe-viewers/rita', { reason: 'trained for it' });
});
afterAll(() => gatehouse.close());

async function flagged(imageId: string, clause: string) {
  for (const event of [
    cloudEvent('ImageGenerated', { imageId, accountId: `owner-${imageId}` }),
    cloudEvent('ContentFlagged', { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories: [clause] }),
  ])
    await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' });
  await gatehouse.settle();
}

async function confirmed(imageId: string, clause: string) {
  await flagged(imageId, clause);
  expect((await judge(rita, imageId, 'unsafe', { clause })).body.status).toBe('confirmed');
  await gatehouse.settle();
}
const holds = async (query = '') => (await carol.get(`/v1/legal-holds?${query}`)).body.items;
const dueSeconds = async () => {
  const { body } = await gatehouse.administrator.get('/metrics');
  return Number(/^gatehouse_authority_report_due_seconds (\S+)$/m.exec(body)?.[1]);
};

it('holds what is stored of an account after a violation of the highest severity, and of no other', async () => {
  await confirmed('mild', 'violent');
  expect(await holds()).toEqual([]);
  await confirmed('worst', 'minors');
  expect(await holds()).toMatchObject([
    { accountId: 'owner-worst', caseId: 'worst', clause: 'minors', liftedAt: null, isReportDue: true },
  ]);
  now += 3_600_000;
  expect(await dueSeconds()).toBeCloseTo(3_600, 0);
});

it('records the report to an authority, once', async () => {
  const report = { authority: 'NCMEC', reference: 'CT-1', sentAt: '2022-05-18T10:00:00Z' };
  const path = '/v1/cases/worst/authority-reports';
  expect((await rita.post(path, report)).status).toBe(403);
  const recorded = await carol.post(path, report);
  expect(recorded.status).toBe(200);
  expect((await carol.post(path, report)).body.position).toBe(recorded.body.position);
  expect((await carol.post('/v1/cases/none/authority-reports', report)).status).toBe(404);
  const other = { ...report, sentAt: '2022-05-18T09:30:00Z' };
  expect(await carol.post(path, other)).toMatchObject({
    status: 409,
    body: { type: expect.stringMatching(/report-recorded$/) },
  });
  await gatehouse.settle();
  expect(await holds('reportDue=true')).toEqual([]);
  expect(await holds('reportDue=false')).toMatchObject([{ authority: 'NCMEC', reference: 'CT-1' }]);
  expect(await dueSeconds()).toBe(0);
});

it('refuses a report in the future, and of a case that is not confirmed of the highest severity', async () => {
  const report = { authority: 'NCMEC', reference: 'CT-9', sentAt: '2022-05-18T09:30:00Z' };
  const future = { ...report, sentAt: '2022-05-18T12:00:00Z' };
  expect(await carol.post('/v1/cases/worst/authority-reports', future)).toMatchObject({ status: 400 });
  await flagged('undecided', 'minors');
  await flagged('harmless', 'minors');
  expect((await judge(rita, 'harmless', 'safe')).body.status).toBe('dismissed');
  for (const one of ['undecided', 'harmless', 'mild'])
    expect(await carol.post(`/v1/cases/${one}/authority-reports`, report)).toMatchObject({
      status: 409,
      body: { type: expect.stringMatching(/report-not-due$/) },
    });
});

const send = (type: string, data: object) =>
  service.post('/v1/events', cloudEvent(type, { ...data }), { 'content-type': 'application/cloudevents+json' });
const held = { holdId: 'by-hand', reason: 'an order of a court' };

it('is of the account that made the image, whatever a flag says', async () => {
  const headers = { 'content-type': 'application/cloudevents+json' };
  const flag = {
    imageId: 'claimed',
    accountId: 'somebody',
    flaggedBy: 'acc-9',
    flaggerKind: 'user',
    categories: ['minors'],
  };
  await service.post('/v1/events', cloudEvent('ContentFlagged', flag), headers);
  await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId: 'claimed', accountId: 'maker' }), headers);
  await gatehouse.settle();
  await carol.post('/v1/accounts/maker/legal-holds', held);
  const report = { authority: 'NCMEC', reference: 'CT-2', sentAt: '2022-05-18T10:00:00Z' };
  const { position } = (await carol.post('/v1/cases/claimed/authority-reports', report)).body;
  const { events } = (await gatehouse.administrator.get(`/v1/log?after=${position - 1}&limit=1`)).body;
  expect(events).toMatchObject([{ type: 'AuthorityInformed', data: { accountId: 'maker' } }]);
});

it('is of the account that the confirmation names, whatever is reported of the image since', async () => {
  const headers = { 'content-type': 'application/cloudevents+json' };
  await confirmed('moved', 'violent');
  const earlier = { time: '2022-05-01T00:00:00Z' };
  const moved = cloudEvent('ImageGenerated', { imageId: 'moved', accountId: 'maker' }, earlier);
  await service.post('/v1/events', moved, headers);
  await gatehouse.settle();
  await carol.post('/v1/accounts/owner-moved/legal-holds', held);
  const report = { authority: 'NCMEC', reference: 'CT-3', sentAt: '2022-05-18T10:00:00Z' };
  const { position } = (await carol.post('/v1/cases/moved/authority-reports', report)).body;
  const { events } = (await gatehouse.administrator.get(`/v1/log?after=${position - 1}&limit=1`)).body;
  expect(events).toMatchObject([{ type: 'AuthorityInformed', data: { accountId: 'owner-moved' } }]);
});

it('is placed and lifted by compliance only, with a reason', async () => {
  await send('ImageGenerated', { imageId: 'img-7', accountId: 'acc-7' });
  const path = '/v1/accounts/acc-7/legal-holds';
  const hold = { holdId: 'request-17', reason: 'an order of a court' };
  expect((await rita.post(path, hold)).status).toBe(403);
  expect((await carol.post(path, { ...hold, reason: ' ' })).status).toBe(400);
  expect((await carol.post(path, hold)).status).toBe(200);
  expect((await carol.delete(`${path}/other?reason=over`)).status).toBe(404);
  const lifted = await carol.delete(`${path}/request-17?reason=over`);
  expect((await carol.delete(`${path}/request-17?reason=over`)).body.position).toBe(lifted.body.position);
  const again = await carol.post(path, hold);
  expect([again.status, again.body.type]).toEqual([409, expect.stringMatching(/hold-lifted$/)]);
  await gatehouse.settle();
  expect(await holds('inForce=true')).toMatchObject([
    { caseId: 'worst' },
    { accountId: 'maker' },
    { accountId: 'owner-moved' },
  ]);
  expect(await holds('account=acc-7&inForce=false')).toMatchObject([{ holdId: 'request-17' }]);
  const first = (await carol.get('/v1/legal-holds?limit=1')).body;
  // Placed at one time: by their account.
  expect(await holds(`cursor=${first.nextCursor}`)).toMatchObject([
    { holdId: 'request-17' },
    { accountId: 'maker' },
    { accountId: 'owner-moved' },
  ]);
});

describe('erasing what is stored of an account', () => {
  const erase = (accountId: string) => gatehouse.forget(accountId);
  const underHold = (accountId: string, holdId: unknown) =>
    expect.objectContaining({ code: 'under-hold', details: expect.objectContaining({ accountId, holdId }) });
  const address = async (email: string) => (await service.post('/v1/waitlist', { email })).body.accountId;

  it('is done once its hold is lifted', async () => {
    const ada = await address('ada@example.org');
    const path = `/v1/accounts/${ada}/legal-holds`;
    await carol.post(path, { holdId: 'request-20', reason: 'an order of a court' });
    await expect(erase(ada)).rejects.toEqual(underHold(ada, 'request-20'));
    await expect(gatehouse.runtime.personKeys.encrypt(ada, 'text', 'place')).resolves.not.toBe(ERASED);
    await carol.delete(`${path}/request-20?reason=over`);
    await erase(ada);
    await expect(gatehouse.runtime.personKeys.encrypt(ada, 'text', 'place')).resolves.toBe(ERASED);
  });

  it('is refused from the confirmation on, before the hold is placed', async () => {
    await flagged('ahead', 'minors');
    expect((await judge(rita, 'ahead', 'unsafe', { clause: 'minors' })).body.status).toBe('confirmed');
    expect(await holds('account=owner-ahead')).toEqual([]);
    await expect(erase('owner-ahead')).rejects.toEqual(underHold('owner-ahead', expect.any(String)));
    await gatehouse.settle();
    const [{ holdId }] = await holds('account=owner-ahead');
    await expect(erase('owner-ahead')).rejects.toEqual(underHold('owner-ahead', holdId));
    await confirmed('lesser', 'violent');
    await erase('owner-lesser');
  });

  it('is a no-op once it was done, also under a hold', async () => {
    const path = '/v1/accounts/owner-lesser/legal-holds';
    expect((await carol.post(path, { holdId: 'request-21', reason: 'too late' })).status).toBe(200);
    await erase('owner-lesser');
    await carol.delete(`${path}/request-21?reason=over`);
    await gatehouse.settle();
  });
});

it('is listed, placed, lifted and reported from the command line', async () => {
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli.run(...args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  };
  await send('ImageGenerated', { imageId: 'img-8', accountId: 'acc-8' });
  const unknown = await cli.run('hold', 'place', 'nobody', 'order-1', '--reason', 'an order');
  expect([unknown.code === 0, unknown.stderr]).toEqual([false, expect.stringContaining('check the id')]);
  expect(await run('hold', 'place', 'acc-8', 'order-1', '--reason', 'an order')).toContain('is placed');
  expect(await run('hold', 'lift', 'acc-8', 'order-1', '--reason', 'over')).toContain('is lifted');
  const again = await cli.run('hold', 'place', 'acc-8', 'order-1', '--reason', 'an order');
  expect(again).toMatchObject({
    code: expect.any(Number),
    stderr: expect.stringContaining('place one with another id'),
  });
  expect(again.code).not.toBe(0);
  const report = ['--authority', 'BKA', '--reference', 'B-1', '--sent-at', '2022-05-18T09:45:00Z'];
  expect(await run('hold', 'report', 'worst', ...report)).toContain('to BKA is recorded');
  await gatehouse.settle();
  expect(await run('hold', 'list', '--no-in-force')).toContain('order-1');
  expect(await run('hold', 'list', '--account', 'owner-worst')).toMatch(
    /^ACCOUNT +HOLD +CASE +CLAUSE .*\nowner-worst +\S+ +worst +minors +a violation/,
  );
  expect(await run('hold', 'list', '--in-force', '--json')).toContain('"caseId": "worst"');
});

it('is not placed on an account that nobody knows, and on any that is stored, however new', async () => {
  const place = (accountId: string) => carol.post(`/v1/accounts/${accountId}/legal-holds`, held);
  const unknown = { status: 404, body: { type: expect.stringMatching(/account-unknown$/) } };
  const refused = await place('nobody');
  expect(refused).toMatchObject(unknown);
  expect(refused.body.detail).toMatch(/account nobody, .* check the id/);
  // None of these is in a view yet.
  const byDetector = { flaggedBy: 'det', flaggerKind: 'detector', categories: ['violent'] };
  const joined = (await service.post('/v1/waitlist', { email: 'new@example.org' })).body.accountId;
  await send('ImageGenerated', { imageId: 'img-28', accountId: 'acc-28' });
  await send('ImageShared', { imageId: 'img-none', accountId: 'acc-29' });
  for (const accountId of [joined, 'acc-28', 'acc-29']) expect((await place(accountId)).status).toBe(200);
  await send('ContentFlagged', { imageId: 'img-26', accountId: 'acc-26', ...byDetector });
  await send('ImageGenerated', { imageId: 'img-27', accountId: 'acc-27' });
  await gatehouse.settle();
  // Somebody of whom nothing is known but what they flagged, and wrote about it: by the log, and by the view.
  const byUser = { imageId: 'img-27', accountId: 'acc-27', flaggerKind: 'user', categories: ['violent'] };
  await send('ContentFlagged', { ...byUser, flaggedBy: 'reporter-1', comment: 'this is me' });
  expect((await place('reporter-1')).status).toBe(200);
  await send('ContentFlagged', { ...byUser, flaggedBy: 'reporter-2', comment: 'this is me too' });
  await gatehouse.settle();
  expect((await place('reporter-2')).status).toBe(200);
  // By its case alone, and by the view.
  for (const accountId of ['acc-26', 'acc-27']) expect((await place(accountId)).status).toBe(200);
  expect(await place('nobody')).toMatchObject(unknown);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
