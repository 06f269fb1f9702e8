import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';

/** Of the log, in which orders are stored, and of requests. */
let ahead = 0;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let rita: Client;
let hugo: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => Date.now() + ahead } });
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  hugo = await gatehouse.as('hugo', 'reviewer');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const clauses = ['violent', 'spam'].map((id) => ({ id, title: id, severity: 1 }));
  await operator.post('/v1/policy', { version: '1', clauses });
  await operator.put('/v1/rollout/rate', { perWeek: 1000 });
  const entries = [
    { steps: [{ strikes: 1, measure: 'deactivate' }] },
    { clause: 'spam', steps: [{ strikes: 1, measure: 'restrict', action: 'share', days: 30 }] },
  ];
  expect((await operator.put('/v1/enforcement-ladder', { entries, reason: 'for appeals' })).status).toBe(200);
});
afterAll(() => gatehouse.close());

const refusal = (code: string, status = 409) => ({ status, body: { type: expect.stringMatching(`${code}$`) } });
const account = async (id: string) => (await operator.get(`/v1/accounts/${id}`)).body;
const appealOf = async (id: string, by = hugo) => (await by.get(`/v1/appeals/${id}`)).body;

async function member(name: string): Promise<string> {
  const { accountId } = (await service.post('/v1/waitlist', { email: `${name}@example.org` })).body;
  await operator.post('/v1/cohorts', { accounts: [accountId] });
  await gatehouse.settle();
  await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version: '1' });
  return accountId;
}

async function flag(imageId: string, flaggedBy = 'det-1'): Promise<void> {
  const data = { imageId, flaggedBy, flaggerKind: 'detector', categories: ['violent'] };
  await service.post('/v1/events', [cloudEvent('ContentFlagged', data)]);
  await gatehouse.settle();
}

/** What a new case says of the decided flags of its flagger. */
async function recordOf(flagger: string, imageId: string): Promise<string> {
  await flag(imageId, flagger);
  const { priorityParts } = (await rita.get(`/v1/cases/${imageId}`)).body;
  return priorityParts.find(({ part }: { part: string }) => part === 'flaggers').because;
}

async function confirmed(imageId: string, by = rita, flaggedBy = 'det-1'): Promise<string> {
  const accountId = await member(imageId);
  await service.post('/v1/events', [cloudEvent('ImageGenerated', { imageId, accountId, prompt: 'a film' })]);
  await flag(imageId, flaggedBy);
  expect((await judge(by, imageId, 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  await gatehouse.settle();
  return accountId;
}

const file = (id: string, more = {}, by = service) =>
  by.post(`/v1/enforcements/${id}/appeals`, { text: `my own film ${id}`, ...more });
const decide = (id: string, outcome: string, more = {}, by = hugo) =>
  hear(by, id, { outcome, reason: 'a documentary', ...more });

describe('an appeal', () => {
  it('is filed by the service for the holder, once, within the window, against what is in force', async () => {
    const accountId = await confirmed('img-file');
    expect((await file('img-file', {}, rita)).status).toBe(403);
    expect(await file('img-none')).toMatchObject(refusal('enforcement-unknown', 404));
    expect(await file('img-file', { accountId: 'acc-other' })).toMatchObject(refusal('other-account'));
    const filed = await file('img-file', { accountId });
    expect(filed.status).toBe(200);
    expect((await file('img-file', { text: 'again' })).body.position).toBe(filed.body.position);
    await gatehouse.settle();
    const listed = (await service.get(`/v1/appeals?account=${accountId}`)).body.items;
    expect(listed).toMatchObject([{ appealId: 'img-file', status: 'open', number: 1, decidedBy: null }]);
    const late = await confirmed('img-late');
    ahead = 181 * DAY_MS;
    expect(await file('img-late', { accountId: late })).toMatchObject(refusal('appeal-window-closed'));
    ahead = 0;
  });

  it('is heard by nobody who took part, and shows its text to the reviewer who has claimed it only', async () => {
    await confirmed('img-hear');
    await flag('img-hear', 'flora');
    await file('img-hear');
    const flora = await gatehouse.as('flora', 'reviewer');
    const ritasPhone = await gatehouse.as('rita-phone', 'reviewer');
    expect(ritasPhone).toBeDefined();
    expect(await rita.post('/v1/appeals/img-hear/claim')).toMatchObject(refusal('took-part'));
    expect(await decide('img-hear', 'granted', {}, rita)).toMatchObject(refusal('took-part'));
    expect(await flora.post('/v1/appeals/img-hear/claim')).toMatchObject(refusal('own-flag'));
    const reveal = () => hugo.post('/v1/cases/img-hear/reveals', { level: 'prompt', reason: 'an appeal' });
    expect(await reveal()).toMatchObject(refusal('case-not-claimed'));
    expect(await appealOf('img-hear')).toMatchObject({ text: null, isErased: false, token: null });
    const { token } = (await hugo.post('/v1/appeals/img-hear/claim')).body;
    expect(await appealOf('img-hear')).toMatchObject({ text: 'my own film img-hear', token, claimedBy: 'hugo' });
    expect(await appealOf('img-hear', service)).toMatchObject({ text: null, claimedBy: null, history: [] });
    expect((await reveal()).body).toMatchObject({ prompt: 'a film' });
    const ina = await gatehouse.as('ina', 'lead');
    expect(await decide('img-hear', 'denied', {}, ina)).toMatchObject(refusal('appeal-claimed'));
    expect(await decide('img-hear', 'denied', { token: token + 1 })).toMatchObject(refusal('claim-lost'));
    expect((await decide('img-hear', 'denied', { token })).status).toBe(200);
    await gatehouse.settle();
    expect(await appealOf('img-hear', service)).toMatchObject({
      status: 'denied',
      reason: 'a documentary',
      decidedBy: null,
    });
    const { stdout } = await cli.run('events', '--all', '--type', 'ContentViewed', '--json');
    expect(stdout).toMatch(/"appealId":\s*"img-hear"/);
  });

  it('is decided by one of two people who work on it, whose decision carries the token of their claim', async () => {
    await confirmed('img-two');
    await file('img-two');
    const [lea, leo] = await Promise.all(['lea', 'leo'].map((name) => gatehouse.as(name, 'lead')));
    const decision = { outcome: 'denied', reason: 'it shows an injury', token: 1 };
    expect((await lea!.post('/v1/appeals/img-two/decision', { ...decision, token: undefined })).status).toBe(400);
    expect(await lea!.post('/v1/appeals/img-two/decision', decision)).toMatchObject(refusal('claim-lost'));
    const first = (await lea!.post('/v1/appeals/img-two/claim')).body;
    expect(await leo!.post('/v1/appeals/img-two/claim')).toMatchObject(refusal('appeal-claimed'));
    ahead = 600_000;
    expect((await lea!.put('/v1/appeals/img-two/claim', { token: first.token })).body).toMatchObject({ token: 1 });
    ahead = 1_200_000;
    expect((await leo!.post('/v1/appeals/img-two/claim')).body).toMatchObject({ token: 2, reviewer: 'leo' });
    expect(await lea!.put('/v1/appeals/img-two/claim', { token: 1 })).toMatchObject(refusal('claim-lost'));
    expect(await lea!.post('/v1/appeals/img-two/decision', decision)).toMatchObject(refusal('claim-lost'));
    expect((await lea!.delete('/v1/appeals/img-two/claim?token=1')).status).toBe(200);
    expect((await leo!.post('/v1/appeals/img-two/decision', { ...decision, token: 2 })).status).toBe(200);
    ahead = 0;
  });

  it('is claimed by the deadline: never one by two people, and none that the caller may not hear', async () => {
    for (const image of ['img-first', 'img-second', 'img-third']) await confirmed(image);
    await flag('img-first', 'fay');
    for (const image of ['img-first', 'img-second', 'img-third']) await file(image);
    await gatehouse.settle();
    const names = ['fay', 'finn', 'flo'];
    const [fay, finn, flo] = await Promise.all(names.map((name) => gatehouse.as(name, 'lead')));
    const next = async (by: Client) => (await by.post('/v1/appeals/next')).body.claim;
    const open = async (by: Client, query = '') => (await by.get(`/v1/appeals?status=open${query}`)).body.items;
    const isOfThese = ({ appealId }: { appealId: string }) => /first|second|third/.test(appealId);
    for (const one of await open(finn!)) if (!isOfThese(one)) await hugo.post(`/v1/appeals/${one.appealId}/claim`);
    type Entry = { appealId: string; conflict: string | null; firstClaimedAt: string | null; claimedBy: string | null };
    const shown = async (by: Client, query = '') =>
      (await open(by, query))
        .filter(isOfThese)
        .map(({ conflict, firstClaimedAt, claimedBy }: Entry) => [conflict, firstClaimedAt !== null, claimedBy]);
    const unread = [null, false, null];
    expect(await shown(fay!)).toEqual([['own-flag', false, null], unread, unread]);
    expect(await shown(rita)).toEqual(Array(3).fill(['took-part', false, null]));
    // The view need not know of the claims of others.
    const given = await Promise.all([next(fay!), next(finn!), next(flo!)]);
    expect(given.map(({ appealId }) => appealId).sort()).toEqual(['img-first', 'img-second', 'img-third']);
    expect(given[0].appealId).not.toBe('img-first');
    expect(await next(finn!)).toEqual(given[1]);
    await gatehouse.settle();
    for (const [n, by] of [fay!, finn!, flo!].entries()) expect(await next(by)).toEqual(given[n]);
    expect(await next(rita)).toBeNull();
    const claimedBy = (appeal: string) => given.find(({ appealId }) => appealId === `img-${appeal}`).reviewer;
    const own = ['first', 'second', 'third'].map((one) => [one === 'first' ? 'own-flag' : null, true, claimedBy(one)]);
    expect(await shown(fay!)).toEqual(own);
    expect(await shown(finn!, '&hearer=fay')).toEqual(own);
    expect((await rita.get('/v1/appeals?hearer=fay')).status).toBe(400);
    expect(await shown(service)).toEqual([unread, unread, unread]);
    const { hearers } = await appealOf('img-first', finn!);
    expect(hearers).toEqual(
      expect.arrayContaining([
        { person: 'fay', conflict: 'own-flag' },
        { person: 'finn', conflict: null },
        { person: 'rita', conflict: 'took-part' },
      ]),
    );
    expect(hearers.map(({ person }: { person: string }) => person)).not.toContain('olga');
    expect(await appealOf('img-first', hugo)).toMatchObject({ hearers: null });
    for (const [n, by] of [fay!, finn!, flo!].entries())
      await by.delete(`/v1/appeals/${given[n].appealId}/claim?token=${given[n].token}`);
    await hugo.delete('/v1/appeals/img-file/claim?token=1');
    await gatehouse.settle();
    expect((await open(finn!, '&claimed=true')).map(({ appealId }: Entry) => appealId)).toEqual([]);
  });

  it('that is granted undoes everything: access, image, case, figures of reviewer and flagger', async () => {
    const accountId = await confirmed('img-grant', rita, 'det-grant');
    expect(await account(accountId)).toMatchObject({ deactivated: true });
    expect(await recordOf('det-grant', 'img-before')).toContain('of 1 decided flags of one flagger 1 were confirmed');
    await file('img-grant');
    const decided = await decide('img-grant', 'granted');
    expect(decided.status).toBe(200);
    const again = { outcome: 'granted', reason: 'a documentary', token: 1 };
    expect((await hugo.post('/v1/appeals/img-grant/decision', again)).body).toEqual(decided.body);
    expect(await decide('img-grant', 'denied')).toMatchObject(refusal('appeal-decided'));
    await gatehouse.settle();
    expect(await account(accountId)).toMatchObject({ deactivated: false, consequences: [] });
    expect((await rita.get('/v1/images/img-grant')).body.withheld).toBe(false);
    expect((await rita.get('/v1/cases/img-grant')).body.status).toBe('overturned');
    expect((await operator.get('/v1/enforcements/img-grant')).body).toMatchObject({
      status: 'reversed',
      isInForce: false,
    });
    const lead = await gatehouse.as('lena', 'lead');
    const { items } = (await lead.get('/v1/metrics/reviewers')).body;
    expect(items.find(({ reviewer }: { reviewer: string }) => reviewer === 'rita').overturned.hits).toBe(1);
    expect(await recordOf('det-grant', 'img-after')).toContain('of 1 decided flags of one flagger 0 were confirmed');
    expect((await lead.get('/v1/cases?status=overturned')).body.items).toHaveLength(1);
    expect(await file('img-grant', { hasNewEvidence: true })).toMatchObject(refusal('enforcement-reversed'));
    await flag('img-grant', 'det-2');
    expect((await judge(hugo, 'img-grant', 'unsafe')).body).toMatchObject({ status: 'confirmed' });
    await gatehouse.settle();
    expect(await account(accountId)).toMatchObject({ deactivated: true });
    expect((await file('img-grant')).status).toBe(200);
    expect(await appealOf('img-grant')).toMatchObject({ number: 2, status: 'open', hasNewEvidence: false });
  });

  it('that is granted in part leaves what the other clause leads to', async () => {
    const accountId = await confirmed('img-partly');
    await file('img-partly');
    expect(await decide('img-partly', 'partly-granted', { clause: 'other' })).toMatchObject(refusal('clause-unknown'));
    expect((await decide('img-partly', 'partly-granted')).status).toBe(400);
    expect((await decide('img-partly', 'partly-granted', { clause: 'spam' })).status).toBe(200);
    await gatehouse.settle();
    expect(await account(accountId)).toMatchObject({
      deactivated: false,
      consequences: [{ measure: 'restriction', action: 'share', cause: 'img-partly' }, { measure: 'strike' }],
    });
    expect((await operator.get('/v1/enforcements/img-partly')).body).toMatchObject({
      clause: 'spam',
      status: 'completed',
    });
    expect((await rita.get('/v1/images/img-partly')).body.withheld).toBe(true);
    expect(await file('img-partly')).toMatchObject(refusal('already-appealed'));
    expect((await file('img-partly', { hasNewEvidence: true })).status).toBe(200);
    expect(await decide('img-partly', 'granted')).toMatchObject(refusal('took-part'));
    const ina = await gatehouse.as('ina', 'lead');
    expect((await decide('img-partly', 'granted', {}, ina)).status).toBe(200);
    await gatehouse.settle();
    expect(await account(accountId)).toMatchObject({ consequences: [] });
    expect((await rita.get('/v1/cases/img-partly')).body.status).toBe('overturned');
  });

  it('against a decision by hand is not heard by the operator who ordered it, and lifts that alone', async () => {
    const accountId = await member('manual');
    const both = await gatehouse.as('otto', 'operator', 'reviewer');
    const until = toIso(Date.now() + 30 * DAY_MS);
    await both.post(`/v1/accounts/${accountId}/suspension`, { until, reason: 'spam' });
    await operator.post(`/v1/accounts/${accountId}/restriction`, { action: 'share', until, reason: 'spam' });
    await gatehouse.settle();
    const { items } = (await operator.get(`/v1/enforcements?account=${accountId}`)).body;
    const { enforcementId } = items.find(({ measure }: { measure: string }) => measure === 'suspend');
    for (const { enforcementId: id } of items)
      expect((await operator.get(`/v1/enforcements/${id}`)).body.statement).toMatchObject({
        ...{ ground: 'decision-by-hand', decidedBy: 'operator', reason: 'spam', isMeasureAutomated: false },
        appeal: expect.stringContaining(id),
      });
    expect((await file(enforcementId)).status).toBe(200);
    expect(await decide(enforcementId, 'granted', {}, both)).toMatchObject(refusal('took-part'));
    expect((await decide(enforcementId, 'partly-granted', { clause: 'spam' })).status).toBe(400);
    expect((await decide(enforcementId, 'granted')).status).toBe(200);
    await gatehouse.settle();
    expect(await account(accountId)).toMatchObject({
      suspendedUntil: null,
      consequences: [{ measure: 'restriction', action: 'share' }],
    });
  });

  it('loses its text with the person’s key, and can be decided all the same', async () => {
    const accountId = await confirmed('img-erased');
    await file('img-erased');
    await hugo.post('/v1/appeals/img-erased/claim');
    await gatehouse.forget(accountId);
    expect(await appealOf('img-erased')).toMatchObject({ text: null, isErased: true, status: 'open' });
    expect((await decide('img-erased', 'granted')).status).toBe(200);
    await gatehouse.settle();
    expect(await account(accountId)).toMatchObject({ deactivated: false });
  });
});

describe('the command line and the metrics', () => {
  const text = async (...args: string[]) => {
    const result = await cli.run(...args);
    expect({ args, ...result }).toMatchObject({ code: 0 });
    return result.stdout;
  };

  it('list, show, file, claim, release and decide appeals', async () => {
    await confirmed('img-cli');
    const web = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    expect((await web.run('appeal', 'file', 'img-cli', '--text', 'x')).code).not.toBe(0);
    expect((await file('img-cli')).status).toBe(200);
    await gatehouse.settle();
    expect(await text('appeal', 'list')).toMatch(/img-cli .* unread .* yes/);
    expect(await text('appeal', 'list', '--hearer', 'rita', '--unclaimed')).toMatch(
      /img-cli .* unread .* no: took part/,
    );
    expect((await cli.run('appeal', 'release', 'img-cli')).stderr).toContain('you have not claimed appeal img-cli');
    expect(await text('appeal', 'claim', 'img-cli')).toContain('is claimed by administrator');
    expect(await text('appeal', 'show', 'img-cli')).toMatch(/measure +deactivate[\s\S]*my own film img-cli/);
    expect(await text('appeal', 'release', 'img-cli')).toContain('appeal img-cli is released');
    expect(await text('appeal', 'show', 'img-cli')).toMatch(/rita +│? *no: took part/);
    expect((await hugo.get('/v1/appeals?claimed=true')).body.items).toEqual([]);
    expect(await text('appeal', 'decide', 'img-cli', 'denied', '--reason', 'no')).toContain('appeal img-cli is denied');
    await gatehouse.settle();
    expect(await text('appeal', 'list', '--status', 'denied', '--reviewer', 'administrator')).toContain('img-cli');
    // The entries don't tell a service who decided, and neither does the filter.
    const decided = async (query: string) => (await service.get(`/v1/appeals?status=denied${query}`)).body.items;
    expect((await decided('')).length).toBeGreaterThan(0);
    expect(await decided('&reviewer=administrator')).toEqual([]);
  });

  it('report the backlog, overdue appeals and outcomes', async () => {
    const scrape = await gatehouse.as('prometheus', 'metrics');
    const value = async (name: string) =>
      Number(new RegExp(`^gatehouse_${name} (\\S+)$`, 'm').exec((await scrape.get('/metrics')).body)?.[1]);
    const open = await value('appeals_open');
    expect(open).toBeGreaterThan(0);
    expect(await value('appeals_overdue')).toBe(0);
    ahead = 15 * DAY_MS;
    expect(await value('appeals_overdue')).toBe(open);
    expect(await value('appeals_oldest_seconds')).toBeGreaterThan(14 * 86_400);
    expect((await hugo.get('/v1/appeals?status=open&overdue=true')).body.items).toHaveLength(open);
    expect((await hugo.get('/v1/appeals?overdue=true&claimed=true')).body.items).toEqual([]);
    const published = async () => {
      for (const schedule of schedulesOf(gatehouse.runtime)) await schedule.tick();
      await gatehouse.settle();
      const { events } = (await service.get('/v1/events?types=AppealOverdue')).body;
      return events.map(({ data }: { data: { appealId: string } }) => data.appealId).sort();
    };
    const { items } = (await hugo.get('/v1/appeals?overdue=true')).body;
    const dueAt = items.map((one: { dueAt: string }) => one.dueAt);
    expect(dueAt).toEqual([...dueAt].sort());
    const overdue = items.map(({ appealId }: { appealId: string }) => appealId).sort();
    expect(await published()).toEqual(overdue);
    expect(await published()).toEqual(overdue);
    expect(await value('appeals_decided{outcome="denied"}'.replace(/[{}"]/g, '\\$&'))).toBeGreaterThan(0);
    ahead = 0;
  });
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
