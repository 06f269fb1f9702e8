import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AccountStanding, accountStream, consequencesOf } from '../../libs/account/index.js';
import type { EnforcementAnswer } from '../../libs/enforcement/queries/enforcement-answer.js';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { foldRecorded } from '../../libs/kernel/decider.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { caseCounts } from '../../libs/review/queries/case-counts.js';
import { flaggerBucket } from '../../libs/review/views/cases.js';
import { isImposedBy } from '../support/appeal-steps.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';
import { runs } from '../support/runs.js';
import { wholeLog } from '../support/whole-log.js';

/*
 * Granting an appeal leaves what everything would be without the decision: what is in force, images, cases, receipts, what
 * targets carry out, figures of reviewers and flaggers, and it notifies whom it concerns. The whole backend runs, over HTTP.
 */

const CLAUSES = ['violent', 'spam'];
const REVIEWERS = ['rita', 'rolf'];
const FLAGGERS = ['flora', 'fred', 'fritz'];
const TARGETS = {
  sessions: ['suspend', 'deactivate'],
  gallery: ['restrict', 'withhold'],
  billing: ['deactivate', 'restrict'],
};
const LADDERS = [
  [{ steps: [{ strikes: 1, measure: 'deactivate' }] }],
  [
    {
      strikeDays: 90,
      steps: [
        { strikes: 1, measure: 'strike' },
        { strikes: 2, measure: 'restrict', action: 'share', days: 30 },
        { strikes: 3, measure: 'suspend', days: 30 },
      ],
    },
    { clause: 'spam', steps: [{ strikes: 1, measure: 'restrict', action: 'share', days: 60 }] },
  ],
  [
    { steps: [{ strikes: 1, measure: 'suspend', days: 20 }] },
    { clause: 'spam', steps: [{ strikes: 1, measure: 'strike' }] },
  ],
];

let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let lead: Client;
let judges: Client[];
let hearers: Client[];

beforeAll(async () => {
  receiver = await startNoticeReceiver();
  gatehouse = await startGatehouse({ env: receiver.env });
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  lead = await gatehouse.as('lena', 'lead');
  judges = await Promise.all(REVIEWERS.map((name) => gatehouse.as(name, 'reviewer')));
  hearers = await Promise.all(['hugo', 'hanna'].map((name) => gatehouse.as(name, 'reviewer')));
  const clauses = CLAUSES.map((id) => ({ id, title: id, severity: 1 }));
  await operator.post('/v1/policy', { version: '1', clauses });
  await operator.put('/v1/rollout/rate', { perWeek: 100_000 });
});
afterAll(async () => {
  await gatehouse.close();
  receiver.close();
});

const index = fc.nat(7);
const step = fc.record({
  kind: fc.constantFrom(
    ...['confirm', 'confirm', 'confirm', 'dismiss', 'suspend', 'restrict', 'deactivate', 'lift'],
    ...['ladder', 'target', 'untarget', 'acknowledge', 'partly'],
  ),
  nth: index,
  who: index,
  days: fc.integer({ min: 1, max: 90 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const pick = <Item>(some: readonly Item[], nth: number): Item => some[nth % some.length]!;
let worlds = 0;

/** One account, with the decisions about it. */
class World {
  private readonly name = `world-${++worlds}`;
  /** An image that nobody flagged. */
  private readonly ordinary = `${this.name}-ordinary`;
  accountId = '';
  readonly images: { id: string; flagger: string; reviewer: string; isConfirmed: boolean }[] = [];
  readonly byHand: string[] = [];
  readonly lifted = new Set<string>();
  private readonly appealed = new Set<string>();

  async open(): Promise<void> {
    const joined = await service.post('/v1/waitlist', { email: `${this.name}@example.org` });
    this.accountId = joined.body.accountId;
    await operator.post('/v1/cohorts', { accounts: [this.accountId] });
    await gatehouse.settle();
    await service.post(`/v1/accounts/${this.accountId}/policy-acceptance`, { version: '1' });
    const made = { imageId: this.ordinary, accountId: this.accountId, photorealistic: false, faces: false };
    await service.post('/v1/events', [cloudEvent('ImageGenerated', made)]);
  }

  get confirmed(): string[] {
    return this.images.filter(({ isConfirmed }) => isConfirmed).map(({ id }) => id);
  }
  get causes(): string[] {
    return [...this.confirmed, ...this.byHand];
  }

  async take({ kind, nth, who, days }: Step): Promise<void> {
    if (kind === 'confirm' || kind === 'dismiss') await this.decide(kind === 'confirm', nth, who);
    else if (kind === 'ladder') await this.put('/v1/enforcement-ladder', { entries: pick(LADDERS, nth) });
    else if (kind === 'target' || kind === 'untarget') await this.change(kind === 'target', nth);
    else if (kind === 'acknowledge') await this.acknowledge(nth);
    else if (kind === 'partly') await this.grantInPart(nth);
    else if (kind === 'lift') await this.lift(nth);
    else await this.act(kind, days);
  }

  private async put(path: string, body: object): Promise<void> {
    expect(await operator.put(path, { ...body, reason: 'spec' })).toMatchObject({ status: 200 });
  }

  private async decide(isConfirmed: boolean, nth: number, who: number): Promise<void> {
    const id = `${this.name}-img-${this.images.length}`;
    const [flagger, reviewer] = [pick(FLAGGERS, nth), pick(REVIEWERS, who)];
    await service.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId: id, accountId: this.accountId }),
      cloudEvent('ContentFlagged', { imageId: id, flaggedBy: flagger, flaggerKind: 'user', categories: ['violent'] }),
    ]);
    const verdict = isConfirmed ? 'unsafe' : 'safe';
    const judged = await judge(pick(judges, who), id, verdict, isConfirmed ? { clause: pick(CLAUSES, nth) } : {});
    expect(judged.body).toMatchObject({ status: isConfirmed ? 'confirmed' : 'dismissed' });
    this.images.push({ id, flagger, reviewer, isConfirmed });
  }

  /** By hand; a rule may refuse it. */
  private async act(kind: Step['kind'], days: number): Promise<void> {
    const path = `/v1/accounts/${this.accountId}`;
    const until = toIso(Date.now() + days * DAY_MS);
    if (kind === 'suspend') await operator.post(`${path}/suspension`, { until, reason: 'spam' });
    else if (kind === 'restrict')
      await operator.post(`${path}/restriction`, { action: 'share', until, reason: 'spam' });
    else await operator.post(`${path}/deactivation`, { reason: 'spam' });
    for (const { enforcementId } of (await operator.get(path)).body.history)
      if (enforcementId !== undefined && !this.causes.includes(enforcementId)) this.byHand.push(enforcementId);
  }

  private async lift(nth: number): Promise<void> {
    if (this.causes.length === 0) return;
    await gatehouse.settle();
    const cause = pick(this.causes, nth);
    const lifted = await operator.post(`/v1/accounts/${this.accountId}/reinstatement`, { reason: 'spam', cause });
    if (lifted.status === 200) this.lifted.add(cause);
  }

  private async change(isSet: boolean, nth: number): Promise<void> {
    const [name, consequences] = pick(Object.entries(TARGETS), nth);
    const times = { deadlineSeconds: 86_400, retrySeconds: 86_400 };
    if (isSet) await this.put(`/v1/enforcement-targets/${name}`, { consequences, ...times });
    else await operator.delete(`/v1/enforcement-targets/${name}?reason=spec`);
  }

  private async acknowledge(nth: number): Promise<void> {
    if (this.causes.length > 0) await this.acknowledgeAll(pick(this.causes, nth));
  }

  async acknowledgeAll(id: string): Promise<void> {
    for (const target of Object.keys(TARGETS))
      await service.post(`/v1/enforcements/${id}/acknowledgements`, { target, position: await this.head() });
  }

  private async head(): Promise<string> {
    return String(await gatehouse.runtime.log.head());
  }

  private async grantInPart(nth: number): Promise<void> {
    const open = this.confirmed.filter((id) => !this.appealed.has(id));
    if (open.length === 0) return;
    await gatehouse.settle();
    const id = pick(open, nth);
    const { clause } = (await operator.get(`/v1/enforcements/${id}`)).body;
    const other = CLAUSES.find((one) => one !== clause)!;
    await this.appeal(id, { outcome: 'partly-granted', clause: other }, hearers[0]!);
    // The other measure is in force, whatever became of the first.
    this.lifted.delete(id);
  }

  async appeal(id: string, decision: object, by: Client): Promise<void> {
    const filed = await service.post(`/v1/enforcements/${id}/appeals`, { text: 'no', hasNewEvidence: true });
    expect(filed).toMatchObject({ status: 200 });
    this.appealed.add(id);
    expect(await hear(by, id, { reason: 'a documentary', ...decision })).toMatchObject({ status: 200 });
    await gatehouse.settle();
  }

  private readonly history = () => gatehouse.runtime.store.readStream(`account-${this.accountId}`);

  /** The account by its events, without those that a decision has caused. */
  async standingWithout(cause?: string): Promise<AccountStanding> {
    return foldRecorded(
      accountStream,
      (await this.history()).filter((event) => !isImposedBy(event, cause)),
    );
  }

  /** Everything that an appeal could change. */
  async snapshot() {
    const account = (await operator.get(`/v1/accounts/${this.accountId}`)).body;
    const cases = new Map<string, unknown>();
    const withheld = new Map<string, boolean>();
    for (const { id } of this.images) {
      const { status, clause, round, verdicts } = (await lead.get(`/v1/cases/${id}`)).body;
      cases.set(id, { status, clause, round, verdicts });
      withheld.set(id, (await lead.get(`/v1/images/${id}`)).body.withheld);
    }
    const receipts = new Map<string, EnforcementAnswer>();
    for (const id of this.causes) receipts.set(id, (await operator.get(`/v1/enforcements/${id}`)).body);
    const { items } = (await lead.get('/v1/metrics/reviewers')).body;
    const figures = items.map((one: Record<string, { hits: number; of: number }>) => [
      one.reviewer,
      { verdicts: one.verdicts, agreed: one.agreementWithDecision },
      { overturned: hitsOf(one.overturned!), upheld: hitsOf(one.precision!) },
    ]);
    const counts = await caseCounts(gatehouse.runtime.pool, FLAGGERS.map(flaggerBucket));
    return {
      consequences: account.consequences
        .map(({ measure, cause }: Record<string, string>) => `${measure} ${cause}`)
        .sort(),
      ...{ cases, withheld, receipts, figures, notices: await this.notices() },
      flaggers: FLAGGERS.map((one) => ({ one, ...counts.get(flaggerBucket(one)) })),
      access: { share: await this.mayI('share'), generate: await this.mayI('generate') },
      carriedOut: carriedOutBy(await wholeLog(gatehouse.runtime.store), this.causes),
    };
  }

  /** Whether targets are still asked about it. */
  async isWaiting(id: string): Promise<boolean> {
    const { items } = (await operator.get('/v1/enforcements?status=waiting&limit=500')).body;
    return items.some(({ enforcementId }: Record<string, string>) => enforcementId === id);
  }

  private async notices(): Promise<Record<string, string>[]> {
    const people = [this.accountId, ...FLAGGERS];
    const lists = people.map(async (one) => (await operator.get(`/v1/notices?account=${one}&limit=500`)).body.items);
    const concerns = ({ enforcementId, caseId }: Record<string, string>) =>
      this.images.some(({ id }) => id === caseId) || this.causes.includes(enforcementId!);
    return (await Promise.all(lists)).flat().filter(concerns);
  }

  /** Why not; `allowed` if they may. */
  private async mayI(action: string): Promise<string> {
    const question = {
      subject: { type: 'account', id: this.accountId },
      action: { name: action },
      resource: { type: 'image', id: this.ordinary },
      context: { minPosition: await this.head() },
    };
    const { decision, context } = (await service.post('/access/v1/evaluation', question)).body;
    return decision ? 'allowed' : context.reason;
  }
}

const DENIED = /^(account-(deactivated|suspended)|share-restricted)$/;
const hitsOf = ({ hits, of }: { hits: number; of: number }) => ({ hits, of });

/** What each target carries out, if it follows the log as docs/operations/enforcement.md says: by cause, the measure and the image. */
function carriedOutBy(log: readonly RecordedEvent[], causes: readonly string[]): Map<string, string> {
  const carried = new Map<string, string>();
  for (const { type, data } of log) {
    const cause = String(data.caseId ?? data.enforcementId ?? data.cause);
    if (!causes.includes(cause)) continue;
    for (const [target, consequences] of Object.entries(TARGETS)) {
      const key = `${target} ${cause}`;
      if (type === 'EnforcementReversed') carried.delete(key);
      if (type !== 'EnforcementOrdered' || !(data.targets as string[] | undefined)?.includes(target)) continue;
      const asked = [data.measure as string, ...(data.imageId === undefined ? [] : ['withhold'])];
      const done = consequences.filter((one) => asked.includes(one));
      if (done.length > 0) carried.set(key, done.join(' '));
    }
  }
  return carried;
}

function inForce(state: AccountStanding, now = Date.now()): string[] {
  const { deactivations, suspensions, restrictions, strikes } = consequencesOf(state);
  const lasts = ({ until }: { until?: number }) => until === undefined || until > now;
  const named = (measure: string, some: readonly { cause: string | null; until?: number }[]) =>
    some.filter(lasts).map(({ cause }) => `${measure} ${cause}`);
  return [
    ...named('deactivation', deactivations),
    ...named('suspension', suspensions),
    ...named('restriction', restrictions),
    ...named('strike', strikes),
  ].sort();
}

type Snapshot = Awaited<ReturnType<World['snapshot']>>;

const without = <Value>(all: ReadonlyMap<string, Value>, cause: string) =>
  [...all].filter(([key]) => key !== cause && !key.endsWith(` ${cause}`));

/** What another decision's receipt says, apart from what is in force again, and from gateways, which report when they like. */
const lasting = (receipt: EnforcementAnswer) => {
  const { isInForce: _, position: __, events: ___, decisionPoints: ____, acknowledgements, ...rest } = receipt;
  return { ...rest, acknowledgements: acknowledgements.map(({ isLifted: _____, ...one }) => one) };
};

function expectOthersUntouched(before: Snapshot, after: Snapshot, cause: string): void {
  expect(without(after.cases, cause)).toEqual(without(before.cases, cause));
  expect(without(after.withheld, cause)).toEqual(without(before.withheld, cause));
  expect(without(after.carriedOut, cause)).toEqual(without(before.carriedOut, cause));
  const receipts = (of: Snapshot) => without(of.receipts, cause).map(([id, one]) => [id, lasting(one)]);
  expect(receipts(after)).toEqual(receipts(before));
  expect(after.notices.filter(({ noticeId }) => before.notices.some((one) => one.noticeId === noticeId))).toEqual(
    before.notices,
  );
}

function expectFigures(
  before: Snapshot,
  after: Snapshot,
  image: World['images'][number] | undefined,
  isLifted: boolean,
) {
  const changed = image && !isLifted ? 1 : 0;
  const figures = before.figures.map(([reviewer, same, { overturned, upheld }]: Snapshot['figures'][number]) => {
    const by = reviewer === image?.reviewer ? changed : 0;
    return [
      ...[reviewer, same],
      {
        overturned: { ...overturned, hits: overturned.hits + by },
        upheld: { ...upheld, hits: upheld.hits - by },
      },
    ];
  });
  expect(after.figures).toEqual(figures);
  expect(after.flaggers).toEqual(
    before.flaggers.map((one) => (one.one === image?.flagger ? { ...one, confirmed: one.confirmed! - 1 } : one)),
  );
}

it('leaves what everything would be without the decision, whatever happened before', async () => {
  const granted = { byHand: 0, ofCases: 0, restored: 0, askedTargets: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 9 }), index, async (steps, chosen) => {
      const world = new World();
      await world.open();
      for (const one of steps) await world.take(one);
      if (world.causes.length === 0) return;
      const cause = pick(world.causes, chosen);
      const image = world.images.find(({ id }) => id === cause);
      await gatehouse.settle();
      const before = await world.snapshot();
      await world.appeal(cause, { outcome: 'granted' }, hearers[1]!);
      const after = await world.snapshot();

      const standing = await world.standingWithout(cause);
      expect(inForce(await world.standingWithout())).toEqual(inForce(standing));
      expect(after.consequences).toEqual(inForce(standing));
      const denies = after.consequences.filter((one: string) => !one.startsWith('strike'));
      const isOpen = denies.every((one: string) => one.startsWith('restriction'));
      expect(after.access).toEqual({
        share: denies.length === 0 ? 'allowed' : expect.stringMatching(DENIED),
        generate: isOpen ? 'allowed' : expect.stringMatching(DENIED),
      });
      for (const [id, { isInForce }] of after.receipts)
        expect({ id, isInForce }).toEqual({ id, isInForce: inForce(standing).some((one) => one.endsWith(` ${id}`)) });

      expectOthersUntouched(before, after, cause);
      expectFigures(before, after, image, world.lifted.has(cause));
      if (image) expect(after.cases.get(cause)).toMatchObject({ status: 'overturned' });
      if (image) expect(after.withheld.get(cause)).toBe(false);
      expect([...after.carriedOut.keys()].filter((key) => key.endsWith(` ${cause}`))).toEqual([]);
      const asked = (of: Snapshot) => of.receipts.get(cause)!.acknowledgements.map(({ target }) => target);
      expect(after.receipts.get(cause)).toMatchObject({ status: 'reversed', isInForce: false });
      expect(asked(after)).toEqual(asked(before));
      const registered = after.receipts.get(cause)!.acknowledgements.filter(({ isRegistered }) => isRegistered);
      expect(registered.map(({ acknowledgedAt }) => acknowledgedAt)).toEqual(registered.map(() => null));
      expect(await world.isWaiting(cause)).toBe(registered.length > 0);
      await world.acknowledgeAll(cause);
      await gatehouse.settle();
      expect(await world.isWaiting(cause)).toBe(false);
      if (registered.length > 0) granted.askedTargets++;
      const known = new Set(before.notices.map(({ noticeId }) => noticeId));
      const news = after.notices.filter(({ noticeId }) => !known.has(noticeId));
      expect(news.map(({ accountId, kind, outcome }) => `${accountId} ${kind} ${outcome}`).sort()).toEqual(
        [
          `${world.accountId} appeal-decided granted`,
          ...(image ? [`${image.flagger} flag-decided overturned`] : []),
        ].sort(),
      );
      granted[image ? 'ofCases' : 'byHand']++;
      if (after.consequences.some((one: string) => !before.consequences.includes(one))) granted.restored++;
    }),
    { numRuns: runs(6, 30) },
  );
  // Without these it would prove little.
  expect(Math.min(granted.ofCases, granted.byHand, granted.askedTargets)).toBeGreaterThan(0);
}, 600_000);
