import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';

/* Each way in which an outcome changes, as docs/operations/notices.md lists them: everybody whom it concerns learns of it once. */

const WINDOW_MS = 60_000;
let ahead = 0;
let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let gatehouse: TestGatehouse;
let service: Client;
let lena: Client;
let operator: Client;
let reviewers: Client[];
let hearers: Client[];

beforeAll(async () => {
  receiver = await startNoticeReceiver();
  const env = { ...receiver.env, GATEHOUSE_VERDICT_WINDOW_MS: String(WINDOW_MS) };
  gatehouse = await startGatehouse({ env, clock: { now: () => Date.now() + ahead } });
  service = await gatehouse.as('web-site', 'service');
  lena = await gatehouse.as('lena', 'lead');
  reviewers = await Promise.all(['rev-1', 'rev-2', 'rev-3'].map((name) => gatehouse.as(name, 'reviewer')));
  hearers = await Promise.all(['hugo', 'hanna'].map((name) => gatehouse.as(name, 'reviewer')));
  operator = await gatehouse.as('olga', 'operator');
  const clauses = ['violent', 'spam'].map((id) => ({ id, title: id, severity: 1 }));
  await operator.post('/v1/policy', { version: '1', clauses });
  const entries = [
    { steps: [{ strikes: 1, measure: 'deactivate' }] },
    { clause: 'spam', steps: [{ strikes: 1, measure: 'restrict', action: 'share', days: 30 }] },
  ];
  expect((await operator.put('/v1/enforcement-ladder', { entries, reason: 'spec' })).status).toBe(200);
});
afterAll(async () => {
  await gatehouse.close();
  receiver.close();
});

async function tick(): Promise<void> {
  await gatehouse.settle();
  for (const schedule of schedulesOf(gatehouse.runtime)) await schedule.tick();
  await gatehouse.settle();
}

/** One image with its owner; each verdict is somebody else's. */
class World {
  private judges = 0;
  private hearings = 0;
  private flags = 0;
  private jobId = '';

  constructor(private readonly id: string) {}

  async take(step: string): Promise<void> {
    const [kind, more = ''] = step.split(' ');
    if (kind === 'flag') await this.flag();
    else if (kind === 'reopen')
      expect((await lena.post(`/v1/cases/${this.id}/reopen`, { reason: 'look again' })).status).toBe(200);
    else if (kind === 'appeal') await this.appeal(more);
    else if (kind === 'bulk') await this.bulk(more);
    else if (kind === 'lift') {
      const lifting = { reason: 'second-look', ...(more && { cause: this.id }) };
      expect((await operator.post(`/v1/accounts/${this.id}-owner/reinstatement`, lifting)).status).toBe(200);
    } else if (kind === 'undo') await this.job({ compensates: this.jobId });
    else await this.judge(kind!, more);
    for (let times = 0; times < 2; times++) await tick();
  }

  async flag(): Promise<void> {
    const data = { imageId: this.id, flaggedBy: `${this.id}-flagger-${this.flags++}`, flaggerKind: 'user' };
    await service.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId: this.id, accountId: `${this.id}-owner` }),
      cloudEvent('ContentFlagged', { ...data, categories: ['violent'] }),
    ]);
  }

  private async judge(verdict: string, more: string): Promise<void> {
    const reviewer = reviewers[this.judges++]!;
    const judged = await judge(reviewer, this.id, verdict, more === 'spam' ? { clause: 'spam' } : {});
    expect(judged.status).toBe(200);
    if (more === 'taken-back') expect((await reviewer.delete(`/v1/cases/${this.id}/verdicts/mine`)).status).toBe(200);
    ahead += WINDOW_MS;
    await tick();
  }

  private async appeal(outcome: string): Promise<void> {
    const filed = await service.post(`/v1/enforcements/${this.id}/appeals`, { text: 'mine', hasNewEvidence: true });
    expect(filed.status).toBe(200);
    const decision = { outcome, reason: 'a film', ...(outcome === 'partly-granted' && { clause: 'spam' }) };
    expect((await hear(hearers[this.hearings++]!, this.id, decision)).status).toBe(200);
  }

  private async bulk(action: string): Promise<void> {
    const clause = action === 'confirm' ? { clause: 'violent' } : {};
    this.jobId = await this.job({ action, ...clause, account: `${this.id}-owner` });
  }

  private async job(body: object): Promise<string> {
    const started = await lena.post('/v1/bulk-jobs', { ...body, atMost: 1, reason: 'spec' });
    expect(started.body).toMatchObject({ matched: 1 });
    return started.body.jobId;
  }

  notified(who: string): string[] {
    return receiver.received
      .filter(({ data }) => data.accountId === `${this.id}-${who}`)
      .map(({ data }) => (data.kind === 'flag-decided' ? data.outcome! : `${data.kind} ${data.outcome}`));
  }
}

const IMPOSED = 'measure-imposed deactivate';
const LIFTED = 'measure-lifted reinstated';
const REVERSED = 'measure-reversed deactivate';

it.each<[string, string[], string[], string[], string[]?]>([
  ['a confirmation', ['unsafe'], [IMPOSED], ['confirmed']],
  ['a dismissal', ['safe'], [], ['dismissed']],
  ['a fault of the model', ['model-problem'], [], ['model-problem']],
  ['a verdict that is taken back, and the next', ['unsafe taken-back', 'safe'], [], ['dismissed']],
  ['a granted appeal', ['unsafe', 'appeal granted'], [IMPOSED, 'appeal-decided granted'], ['confirmed', 'overturned']],
  ['a measure that an operator lifts', ['unsafe', 'lift cause'], [IMPOSED, LIFTED], ['confirmed']],
  ['all measures that an operator lifts', ['unsafe', 'lift'], [IMPOSED, LIFTED], ['confirmed']],
  [
    'a restriction that an operator lifts',
    ['unsafe spam', 'lift cause'],
    ['measure-imposed restrict', 'measure-lifted lifted'],
    ['confirmed'],
  ],
  [
    'an appeal that is granted in part',
    ['unsafe', 'appeal partly-granted'],
    [IMPOSED, 'appeal-decided partly-granted', 'measure-imposed restrict'],
    ['confirmed'],
  ],
  ['a denied appeal', ['unsafe', 'appeal denied'], [IMPOSED, 'appeal-decided denied'], ['confirmed']],
  [
    'a confirmation that a later round keeps',
    ['unsafe', 'reopen', 'flag', 'unsafe'],
    [IMPOSED],
    ['confirmed'],
    ['confirmed'],
  ],
  [
    'a confirmation that a later round keeps, by another clause',
    ['unsafe', 'reopen', 'unsafe spam'],
    [IMPOSED, 'measure-imposed restrict'],
    ['confirmed'],
  ],
  [
    'a confirmation that a later round overturns',
    ['unsafe', 'reopen', 'flag', 'safe'],
    [IMPOSED, REVERSED],
    ['confirmed', 'overturned'],
    ['overturned'],
  ],
  [
    'a confirmation in the place of which a later round finds a fault of the model',
    ['unsafe', 'reopen', 'model-problem'],
    [IMPOSED, REVERSED],
    ['confirmed', 'model-problem'],
  ],
  ['a dismissal that a later round keeps', ['safe', 'reopen', 'flag', 'safe'], [], ['dismissed'], ['dismissed']],
  ['a dismissal that a later round changes', ['safe', 'reopen', 'unsafe'], [IMPOSED], ['dismissed', 'confirmed']],
  [
    'a confirmation after an overturned one, in a round of its own',
    ['unsafe', 'reopen', 'safe', 'flag', 'unsafe'],
    [IMPOSED, REVERSED, IMPOSED],
    ['confirmed', 'overturned'],
    ['confirmed'],
  ],
  [
    'the undoing of a confirmation in bulk, and the decision after it',
    ['bulk confirm', 'undo', 'unsafe'],
    [IMPOSED, REVERSED, IMPOSED],
    ['confirmed', 'reopened', 'confirmed'],
  ],
  [
    'the undoing of a dismissal in bulk, and the same decision after it',
    ['bulk dismiss', 'undo', 'safe'],
    [],
    ['dismissed', 'reopened', 'dismissed'],
  ],
])('notifies both sides of %s, each once', async (name, steps, owner, reporter, later = []) => {
  const world = new World(name.replaceAll(/\W+/g, '-'));
  await world.flag();
  await tick();
  for (const step of steps) await world.take(step);
  // Two of them are stored at once by streams of their own.
  expect(world.notified('owner').sort()).toEqual([...owner].sort());
  expect(world.notified('flagger-0')).toEqual(reporter);
  expect(world.notified('flagger-1')).toEqual(later);
});
