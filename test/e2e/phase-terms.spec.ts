import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { mayAtEach } from '../support/may-at-each.js';

const HOUR_MS = 3_600_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
/** Another process on the same log. */
let beside: Standalone;
let site: Client;
let olga: Client;
let omar: Client;
let cli: ReturnType<typeof commandLineFor>;
/** In the line, by their class. */
const waiting: Record<string, string> = {};
/** Came in before there were phases. */
let ann: string;

const at = (ms: number) => new Date(now + ms).toISOString();
const join = async (name: string): Promise<string> =>
  (await site.post('/v1/waitlist', { email: `${name}@example.org` })).body.accountId;
const statusOf = async (id: string) => (await olga.get(`/v1/accounts/${id}`)).body.status;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  beside = await gatehouse.beside();
  site = await gatehouse.as('site', 'service');
  olga = await gatehouse.as('olga', 'operator');
  omar = await gatehouse.as('omar', 'operator');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  await olga.post('/v1/policy', { version: '1' });
  expect((await olga.put('/v1/rollout/rate', { perWeek: 100 })).status).toBe(200);
  ann = await join('ann');
  await gatehouse.settle();
  expect((await olga.post('/v1/cohorts', { cohortId: 'first', accounts: [ann] })).status).toBe(202);
  await gatehouse.settle();
  await gatehouse.administrator.post(`/v1/accounts/${ann}/policy-acceptance`, { version: '1' });
  for (const name of ['tester', 'artist', 'general', 'employee']) waiting[name] = await join(name);
  const classified = [
    ['testers', waiting.tester],
    ['artists', waiting.artist],
    ['staff', waiting.employee],
  ] as const;
  for (const [name, account] of classified)
    await olga.post('/v1/waitlist/classes', { accounts: [account], class: name, reason: 'a test' });
  const face = { imageId: 'face', accountId: ann, photorealistic: true, faces: true };
  await site.post('/v1/events', cloudEvent('ImageGenerated', face, { time: at(0) }));
  await gatehouse.settle();
});
afterAll(async () => {
  await beside?.close();
  await gatehouse?.close();
});

let changes = 0;
async function begin(phase: string, more: Record<string, unknown> = {}): Promise<string> {
  const changeId = `r-${changes++}`;
  const proposed = await olga.post('/v1/rollout/phase-proposals', { changeId, phase, reason: 'a test', ...more });
  expect(proposed.status).toBe(200);
  const approved = await omar.post(`/v1/rollout/proposals/${changeId}/approval`, {});
  expect(approved.status).toBe(200);
  return approved.body.position;
}

/** What both processes answer, once they have the position. */
async function mayBoth(action: string, minPosition: string, accountId = ann, id = 'face'): Promise<string> {
  // Sharing waits for the view of images, which nothing else updates here.
  if (action === 'share') await gatehouse.settle();
  const question = { accountId, action, image: { id }, minPosition };
  return mayAtEach([gatehouse, beside], gatehouse.administratorToken, question);
}

it('restricts at every process from the approval on, and ends with the phase', async () => {
  await olga.delete('/v1/image-rules/photorealistic-faces?reason=a+trial');
  expect(await mayBoth('share', '0')).toBe('allowed');
  let position = await begin('preview', { restrictions: ['download', 'photorealistic-faces'], classes: ['testers'] });
  expect(await mayBoth('download', position)).toBe('download-suspended-by-phase');
  const { body: measured } = await gatehouse.administrator.get('/metrics');
  const restricted = [...measured.matchAll(/^gatehouse_rollout_restriction\{restriction="(.*)"\} 1$/gm)];
  expect(restricted.map(([, name]) => name)).toEqual(['download', 'photorealistic-faces']);
  expect(await mayBoth('share', position)).toBe('face-sharing-restricted');
  expect(await mayBoth('generate', position)).toBe('allowed');
  position = await begin('preview', { classes: ['testers'], restrictions: ['share'] });
  expect(await mayBoth('download', position)).toBe('allowed');
  expect(await mayBoth('share', position)).toBe('share-suspended-by-phase');
});

it('is lifted by no switch or rule, which may forbid more', async () => {
  const position = await begin('preview', { classes: ['testers'], restrictions: ['download', 'photorealistic-faces'] });
  await olga.delete('/v1/switches/download?reason=open');
  await olga.delete('/v1/image-rules/photorealistic-faces?reason=still+a+trial');
  expect(await mayBoth('download', position)).toBe('download-suspended-by-phase');
  const { body } = await olga.put('/v1/switches/download', { reason: 'leaked links' });
  expect(await mayBoth('download', body.position)).toBe('download-suspended');
  const resumed = await olga.delete('/v1/switches/download?reason=replaced');
  expect(await mayBoth('download', resumed.body.position)).toBe('download-suspended-by-phase');
});

it('shows what the phase restricts beside the switches, the rules and on the command line', async () => {
  const item = { action: 'download', cohortId: null, phase: 'preview', reason: 'a test', until: null };
  expect((await site.get('/v1/switches')).body.items).toMatchObject([item]);
  expect((await olga.get('/v1/rollout')).body.phase).toMatchObject({
    ...{ phase: 'preview', classes: ['testers'], restrictions: ['download', 'photorealistic-faces'] },
    suspended: [item],
  });
  expect((await site.get('/v1/image-rules')).body.items).toMatchObject([{ inForce: true, phase: 'preview' }]);
  expect((await site.get('/v1/image-rules/photorealistic-faces')).body).toMatchObject({
    ...{ inForce: true, phase: 'preview', reason: 'a test', until: null },
  });
  expect((await cli.run('switch', 'list')).stdout).toMatch(/download +everyone +the phase preview/);
  const shown = (await cli.run('rate', 'show')).stdout;
  expect(shown).toMatch(/only for +testers/);
  expect(shown).toMatch(/suspended +download \(by the phase\)/);
});

it('flags what was shared although the phase restricted it, by the time of the share', async () => {
  await site.post('/v1/events', cloudEvent('ImageShared', { imageId: 'face', accountId: ann }, { time: at(0) }));
  await gatehouse.settle();
  expect((await olga.get('/v1/metrics/restricted-images')).body).toMatchObject({ shared: 1, sharedDespiteRule: 1 });
  expect((await gatehouse.administrator.get('/v1/cases')).body.items).toMatchObject([{ imageId: 'face' }]);
});

it('lets in only people of the classes that it names, by whichever way', async () => {
  const listed = (...names: string[]) => olga.post('/v1/cohorts', { accounts: names.map((name) => waiting[name]) });
  const refused = await listed('tester', 'artist');
  expect(codeOf(refused)).toEqual([409, 'phase-refuses']);
  expect(refused.body).toMatchObject({ phase: 'preview', accounts: [waiting.artist] });
  await begin('weekly', { classes: ['artists', 'testers'] });
  const invitation = { accounts: [waiting.general] };
  expect(codeOf(await olga.post('/v1/invitations', invitation))).toEqual([409, 'phase-refuses']);
  const imported = cloudEvent('CohortOnboarded', { cohortId: 'theirs', accounts: [waiting.general], perWeek: 10 });
  const [result] = (await site.post('/v1/events', imported)).body.results;
  expect(result).toMatchObject({ outcome: 'quarantined', reason: 'phase-refuses' });
  // How many wait is counted by the view of the line, which nothing else updates here.
  await gatehouse.settle();
  // As many as wait and may come in: staff are not named, and the general line is not.
  const said = (await olga.get('/v1/rollout')).body;
  expect(said).toMatchObject({ waiting: 4, eligible: 2 });
  expect(said.words).toContainEqual(expect.stringMatching(/^4 people wait in the line, of whom 2 may come in: /));
  expect((await cli.run('rollout', 'status')).stdout).toContain('of whom 2 may come in');
  expect((await gatehouse.administrator.get('/metrics')).body).toMatch(/^gatehouse_rollout_people_eligible 2$/m);
  const { body } = await olga.post('/v1/cohorts', { cohortId: 'line' });
  expect(body.size).toBe(2);
  await gatehouse.settle();
  const statuses = await Promise.all(Object.values(waiting).map(statusOf));
  expect(statuses).toEqual(['onboarded', 'onboarded', 'waiting', 'waiting']);
  expect(codeOf(await olga.post('/v1/cohorts', {}))).toEqual([409, 'nobody-waiting']);
});

it('suspends joining the line, over HTTP and as an event', async () => {
  await begin('weekly', { restrictions: ['join'] });
  const there = client(beside.url, gatehouse.administratorToken);
  const refused = await there.post('/v1/waitlist', { email: 'cleo@example.org' });
  expect(codeOf(refused)).toEqual([409, 'join-suspended']);
  expect(refused.body.detail).toMatch(/present phase of the rollout/);
  const nobody = await gatehouse.as('nobody');
  expect(codeOf(await nobody.post('/v1/waitlist', { email: 'cleo@example.org' }))).toEqual([409, 'join-suspended']);
  const joined = cloudEvent('WaitlistJoined', { accountId: 'acc-dan', email: 'dan@example.org' });
  const [result] = (await site.post('/v1/events', joined)).body.results;
  expect(result).toMatchObject({ outcome: 'quarantined', reason: 'join-suspended' });
  const status = { subject: { type: 'account', id: 'new' }, action: { name: 'join' } };
  const asked = await site.post('/access/v1/evaluation', { ...status, resource: { type: 'waitlist', id: '-' } });
  expect(asked.body.context.reason).toBe('join-suspended-by-phase');
});

it('restricts from the time of a plan on though no consumer runs, and is shown with it and in the history', async () => {
  const proposal = [
    'weekly',
    'a test',
    '--classes',
    'artists,testers',
    '--restrict',
    'generate,share',
    '--id',
    'r-cli',
  ];
  const proposed = await cli.run('rollout', 'propose-phase', ...proposal, '--at', at(HOUR_MS), '--json');
  const named = { phase: 'weekly', classes: ['artists', 'testers'], restrictions: ['generate', 'share'] };
  expect(proposed.json().proposals).toMatchObject([named]);
  const { body } = await olga.post('/v1/rollout/proposals/r-cli/approval', {});
  expect(await mayBoth('generate', body.position)).toBe('allowed');
  now += HOUR_MS;
  expect(await mayBoth('generate', body.position)).toBe('generate-suspended-by-phase');
  expect((await olga.get('/v1/rollout')).body.planned).toMatchObject([named]);
  const history = (await cli.run('rollout', 'history')).stdout;
  expect(history).toMatch(/only for artists and testers, with generate and share restricted/);
  const { items } = (await olga.get('/v1/rollout/history?limit=500')).body;
  const planned = items.find(({ type }: { type: string }) => type === 'RolloutChangePlanned');
  expect(planned).toMatchObject({ ...named, before: { phase: 'weekly', classes: null, restrictions: ['join'] } });
});

it('refuses classes that are none, and restrictions that nobody knows', async () => {
  const propose = (more: object) =>
    olga.post('/v1/rollout/phase-proposals', { changeId: 'r-x', phase: 'open', reason: 'a test', ...more });
  for (const more of [{ classes: ['others'] }, { classes: [] }, { restrictions: ['flag'] }, { restrictions: [] }])
    expect((await propose(more)).status).toBe(400);
});

it('answers as of an earlier position with what the phase was then', async () => {
  const { items } = (await olga.get('/v1/rollout/history?limit=500')).body;
  const first = items.findLast(({ type }: { type: string }) => type === 'RolloutPhaseSet');
  const then = (await olga.get(`/v1/rollout?asOf=${first.position}`)).body;
  expect(then.phase).toMatchObject({ phase: 'preview', classes: ['testers'], suspended: [{ action: 'download' }] });
  expect((await olga.get(`/v1/switches?asOf=${first.position}`)).body.items).toMatchObject([{ phase: 'preview' }]);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
