import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accountStream, consequencesOf } from '../../libs/account/index.js';
import { appealStream } from '../../libs/appeals/appeal.js';
import { appealCarryingOut } from '../../libs/appeals/processes/carrying-out.js';
import { appealLapsing } from '../../libs/appeals/processes/lapsing.js';
import { StoredHearings } from '../../libs/appeals/queries/stored-hearings.js';
import {
  enforcementStream,
  ladderStream,
  registerTarget,
  setLadder,
  targetsStream,
} from '../../libs/enforcement/index.js';
import { causeAdding } from '../../libs/enforcement/processes/cause-adding.js';
import { imageWithholding } from '../../libs/enforcement/processes/image-withholding.js';
import { OwnEventIds } from '../../libs/event-store/event-identity.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { Transactor } from '../../libs/event-store/transact.js';
import { isWithheld, withholdingStream } from '../../libs/images/index.js';
import type { CommandContext } from '../../libs/kernel/command-context.js';
import { InvalidInput, NotFound, Refusal, StoreUnavailable } from '../../libs/kernel/errors.js';
import { timeOrderedIds } from '../../libs/kernel/ids.js';
import { noticeQueueing } from '../../libs/notices/processes/queueing.js';
import { Reporters } from '../../libs/notices/queries/reporters.js';
import { casesView, flaggerBucket } from '../../libs/review/views/cases.js';
import { verdictsView } from '../../libs/safety/views/verdicts.js';
import type { Consumer } from '../../libs/subscriptions/consumer.js';
import { type Data, modelOf } from '../support/case-model.js';
import { DecidedCases, type Decision } from '../support/decided-cases.js';
import { eventRules } from '../support/event-rules.js';
import { foldView } from '../support/fold-view.js';
import { memoryLog } from '../support/memory-log.js';
import { runs } from '../support/runs.js';
import { enforcingOn, undoingOn } from '../support/undoing.js';

/*
 * Rounds, appeals and bulk jobs about the same cases, whose decisions may rest on what was so a moment ago in another stream, with
 * consumers that lag, crash and get events again. What follows is compared with what the decisions in the log call for, as a model
 * that shares no code with them reads them.
 */

const clock = { now: () => Date.parse('2022-05-18T09:00:00Z') };
const OPERATOR: CommandContext = { actor: { kind: 'user', id: 'olga', role: 'operator' }, correlationid: 'spec' };
const eventIds = new OwnEventIds(Buffer.alloc(32, 1), 0);
const accountId = 'acc';
const IDS = ['img-0', 'img-1'];
const LADDER = [
  { steps: [{ strikes: 1, measure: 'suspend' as const, days: 900 }] },
  { clause: 'spam', steps: [{ strikes: 1, measure: 'strike' as const }] },
  { clause: 'gore', steps: [{ strikes: 1, measure: 'deactivate' as const }] },
];
const MEASURE: Record<string, 'suspend' | 'strike' | 'deactivate'> = { spam: 'strike', gore: 'deactivate' };
const NOBODY_NOTED = { query: () => Promise.resolve({ rows: [] }) } as never;
const UP_TO_DATE = { reached: () => Promise.resolve() } as never;

class World {
  readonly log = memoryLog();
  readonly transactor = this.transactorOn(this.log.store);
  readonly cases = new DecidedCases(this.log.store, this.transactor, clock, accountId);
  private readonly checkpoints = [0, 0, 0, 0, 0, 0];

  private transactorOn(store: EventStore): Transactor {
    return new Transactor(store, timeOrderedIds(clock), clock, eventRules);
  }

  private consumers(store: EventStore, transactor: Transactor): Consumer[] {
    return [
      enforcingOn(store, transactor, eventIds),
      imageWithholding(transactor, eventIds),
      appealCarryingOut(transactor, eventIds, undoingOn(store, transactor)),
      appealLapsing(transactor),
      causeAdding(transactor, store, eventIds),
      noticeQueueing({
        ...{ store, transactor, ownEventIds: eventIds, clock, channels: ['webhook'], language: 'en' },
        reporters: new Reporters(store, NOBODY_NOTED, UP_TO_DATE, 0),
        appealWindowDays: 180,
        hasAcceptLink: false,
      }),
    ];
  }

  /** One consumer processes all that waits. @param dies after how many appends @param again how many events it gets again */
  async process(which: number, dies = Number.POSITIVE_INFINITY, again = 0): Promise<void> {
    let left = dies;
    const append: EventStore['append'] = (writes) =>
      left-- > 0 ? this.log.store.append(writes) : Promise.reject(new StoreUnavailable('killed'));
    const store = { ...this.log.store, append } as EventStore;
    const consumer = this.consumers(store, this.transactorOn(store))[which]!;
    for (let n = Math.max(0, this.checkpoints[which]! - again); n < this.log.events.length; n++) {
      const event = this.log.events[n]!;
      if (consumer.types.includes(event.type)) await consumer.react(event);
      this.checkpoints[which] = Math.max(this.checkpoints[which]!, n + 1);
    }
  }

  async processAll(again = 0): Promise<void> {
    for (let length = -1; length < this.log.events.length; again = 0) {
      length = this.log.events.length;
      for (const which of this.checkpoints.keys()) await this.process(which, undefined, again);
    }
  }

  async open(hasLadder: boolean): Promise<void> {
    if (hasLadder)
      await this.transactor.transact(ladderStream, undefined, OPERATOR, (state) =>
        setLadder(state, { entries: LADDER, reason: 'spec' }, new Set()),
      );
    for (const [name, consequences] of Object.entries(TARGETS))
      await this.transactor.transact(targetsStream, undefined, OPERATOR, (state) =>
        registerTarget(state, { name, consequences, deadlineSeconds: 60, retrySeconds: 60, reason: 'spec' }),
      );
  }

  of = (stream: string) => this.log.events.filter((event) => event.stream === stream);
}

const TARGETS: Record<string, ('suspend' | 'deactivate' | 'withhold')[]> = {
  sessions: ['suspend', 'deactivate'],
  gallery: ['withhold'],
};

async function expectConsequences(world: World, hasLadder: boolean): Promise<void> {
  const standing = consequencesOf((await world.transactor.load(accountStream, accountId)).state);
  const causes = (some: readonly { cause: string | null }[]) => some.map(({ cause }) => cause).sort();
  const expected: Record<string, string[]> = { suspend: [], strike: [], deactivate: [] };
  for (const id of IDS) {
    const { inForce, isEverConfirmed } = modelOf(world.of(`case-${id}`));
    const { status, order, asked } = (await world.transactor.load(enforcementStream, id)).state;
    const measure = hasLadder ? (MEASURE[inForce?.clause ?? ''] ?? 'suspend') : 'deactivate';
    if (inForce) {
      expected[measure]!.push(id);
      expect([id, order?.clause, order?.measure]).toEqual([id, inForce.clause, measure]);
    }
    expect([id, status]).toEqual([id, inForce ? 'completed' : isEverConfirmed ? 'reversed' : 'none']);
    expect([id, isWithheld((await world.transactor.load(withholdingStream, id)).state)]).toEqual([
      id,
      inForce !== undefined,
    ]);
    expect(asked?.waitingFor ?? []).toEqual(order?.targets ?? []);
    const carried = new Set<string>();
    for (const { type, data } of world.of(`enforcement-${id}`)) {
      if (type === 'EnforcementReversed') carried.clear();
      if (type === 'EnforcementOrdered')
        for (const target of data.targets as string[])
          if (TARGETS[target]!.some((one) => one === 'withhold' || one === data.measure)) carried.add(target);
    }
    const isDenied = inForce && measure !== 'strike';
    expect([id, ...[...carried].sort()]).toEqual([
      id,
      ...(inForce ? ['gallery'] : []),
      ...(isDenied ? ['sessions'] : []),
    ]);
  }
  expect(causes(standing.deactivations)).toEqual(expected.deactivate);
  expect(causes(standing.suspensions)).toEqual(expected.suspend);
  const struck = hasLadder ? Object.values(expected).flat().sort() : [];
  expect(causes(standing.strikes)).toEqual(struck);
}

/** Each appeal does to its own decision what was decided, and to no other. */
async function expectAppeals(world: World): Promise<void> {
  for (const id of IDS) {
    const { inForce } = modelOf(world.of(`case-${id}`));
    const about = new Map<number, number>();
    const filed: number[] = [];
    for (const { type, data } of world.of(`appeal-${id}`) as { type: string; data: Data }[]) {
      if (type === 'AppealFiled') {
        filed.push(data.since);
        about.set(data.since, (about.get(data.since) ?? 0) + 1);
        expect([id, about.get(data.since)! <= 2]).toEqual([id, true]);
        expect([id, data.number]).toEqual([id, filed.length]);
      } else if (type === 'AppealGranted') expect([id, inForce?.since !== filed.at(-1)]).toEqual([id, true]);
      else if (type === 'AppealLapsed') expect([id, inForce?.since !== filed.at(-1)]).toEqual([id, true]);
    }
    const { state } = await world.transactor.load(appealStream, id);
    if (state.status === 'open') expect([id, inForce?.since]).toEqual([id, filed.at(-1)]);
    // Whatever came before it, the confirmation in force can be appealed against, and what a job confirmed can be undone.
    if (!inForce || about.has(inForce.since)) continue;
    expect([id, await new StoredHearings(world.transactor).statusOf(id)]).toEqual([id, 'none']);
    const isReopened =
      world.of(`case-${id}`).findLast(({ type }) => /^(Case(Reopened|Opened)|Review)/.test(type))!.type ===
      'CaseReopened';
    const filing = await world.cases.prepare({ ...DECISION, kind: 'file', nth: Number(id.at(-1)) });
    if (isReopened) await expect(filing()).rejects.toMatchObject({ code: 'case-reopened' });
    else expect(await filing()).toMatchObject({ state: { status: 'open', since: inForce.since } });
  }
}

function expectNotices(world: World): void {
  const queued = world.log.events.filter(({ type }) => type === 'NoticeQueued').map(({ data }) => data as Data);
  for (const id of IDS) {
    const { notices } = modelOf(world.of(`case-${id}`));
    const reported = queued.filter((one) => one.role === 'reporter' && one.caseId === id);
    expect([id, reported.map((one) => `${one.accountId} ${one.outcome}`).sort()]).toEqual([id, notices.sort()]);
    const kinds = queued.filter((one) => one.role === 'subject' && one.caseId === id).map((one) => one.kind);
    const counted = (kind: string) => kinds.filter((one) => one === kind).length;
    const events = [...world.of(`enforcement-${id}`), ...world.of(`appeal-${id}`)];
    const stored = (...types: string[]) => events.filter(({ type }) => types.includes(type)).length;
    expect([id, counted('measure-imposed')]).toEqual([id, stored('EnforcementOrdered')]);
    expect([id, counted('appeal-decided')]).toEqual([
      id,
      stored('AppealGranted', 'AppealPartlyGranted', 'AppealDenied'),
    ]);
    const reversals = world
      .of(`enforcement-${id}`)
      .filter(
        ({ type, data, metadata, revision, stream }) =>
          type === 'EnforcementReversed' &&
          data.appeal === 0 &&
          world.of(stream)[revision + 1]?.metadata.causationid !== metadata.causationid,
      );
    expect([id, counted('measure-reversed')]).toEqual([id, reversals.length]);
  }
}

function expectFigures(world: World): void {
  const models = IDS.map((id) => modelOf(world.of(`case-${id}`)));
  const { counters } = foldView(casesView, world.log.events);
  for (const one of Array.from({ length: 4 }, (_, n) => `flagger-${n}`)) {
    const records = models.flatMap(({ record }) => (record.of.has(one) && record.outcome ? record.outcome : []));
    const { confirmed = 0, decided = 0 } = counters[flaggerBucket(one)] ?? {};
    const expected = { decided: records.length, confirmed: records.filter((found) => found === 'confirmed').length };
    expect([one, { decided, confirmed }]).toEqual([one, expected]);
  }
  const wrong = models.filter(
    ({ inForce, judged }) => !inForce && [...judged.confirmed].some((one) => judged.withVerdict.has(one)),
  );
  const right = models.filter(({ inForce }) => inForce);
  const { confirmed = 0, overturned = 0 } = foldView(verdictsView, world.log.events).counters.all ?? {};
  expect({ confirmed, overturned }).toEqual({ confirmed: wrong.length + right.length, overturned: wrong.length });
}

const DECISION = { verdict: 'unsafe', clause: 'violent', outcome: 'denied' } as const;
const decision = fc.record({
  kind: fc.constantFrom<Decision['kind']>(
    ...(['flag', 'judge', 'judge', 'judge', 'reopen', 'reopen'] as const),
    ...(['bulk', 'undo', 'file', 'file', 'file', 'decide', 'decide', 'decide'] as const),
  ),
  nth: fc.constantFrom(0, 0, 0, 1),
  verdict: fc.constantFrom('safe' as const, 'unsafe' as const, 'unsafe' as const, 'model-problem' as const),
  clause: fc.constantFrom('violent', 'spam', 'gore'),
  outcome: fc.constantFrom('granted' as const, 'partly-granted' as const, 'partly-granted' as const, 'denied' as const),
  /** After how many other steps it is stored, with what it knew when it began. */
  late: fc.constantFrom(0, 0, 0, 1, 2, 3, 5),
});
const processing = fc.record({
  which: fc.constantFrom(0, 1, 2, 3, 4, 5, 'all' as const, 'all' as const, 'all' as const),
  dies: fc.constantFrom(undefined, undefined, 0, 1, 2, 3),
  again: fc.nat(12),
});

it('leaves exactly what the last decisions call for, after any rounds, appeals, jobs, races, crashes and redeliveries', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ arbitrary: decision, weight: 3 }, { arbitrary: processing, weight: 2 }), {
        minLength: 8,
        maxLength: 45,
      }),
      fc.boolean(),
      async (steps, hasLadder) => {
        const world = new World();
        await world.open(hasLadder);
        for (const kind of ['flag', 'judge'] as const)
          await (await world.cases.prepare({ ...DECISION, kind, nth: 0 }))();
        await world.processAll();
        const prepared: { at: number; take: () => Promise<unknown> }[] = [];
        const refused = (error: unknown) => {
          if (!(error instanceof Refusal || error instanceof NotFound || error instanceof InvalidInput)) throw error;
        };
        const dead = (error: unknown) => expect(error).toBeInstanceOf(StoreUnavailable);
        for (const [n, one] of steps.entries()) {
          if ('kind' in one) prepared.push({ at: n + one.late, take: await world.cases.prepare(one) });
          else if (one.which === 'all') await world.processAll(one.again);
          else await world.process(one.which, one.dies, one.again).catch(dead);
          for (const due of prepared.filter(({ at }) => at <= n)) {
            prepared.splice(prepared.indexOf(due), 1);
            await due.take().catch(refused);
          }
        }
        await world.processAll();
        for (const { type } of world.log.events) seen.add(type);
        await expectConsequences(world, hasLadder);
        expectNotices(world);
        expectFigures(world);
        await expectAppeals(world);
        await world.processAll();
        const { length } = world.log.events;
        await world.processAll(length);
        expect(world.log.events).toHaveLength(length);
      },
    ),
    { numRuns: runs(200, 2_000) },
  );
  // Without these it would prove little.
  const needed = [
    'AppealGranted',
    'AppealPartlyGranted',
    'AppealDenied',
    'AppealLapsed',
    'ReviewUpheld',
    'ReviewAmended',
  ];
  expect(needed.filter((type) => !seen.has(type))).toEqual([]);
}, 300_000);

it('keeps the clause of a later round, also if an appeal that was granted in part before it is processed late or again', async () => {
  for (const isLate of [false, true]) {
    const world = new World();
    await world.open(true);
    const take = async (given: Partial<Decision>) =>
      (await world.cases.prepare({ ...DECISION, kind: 'judge', nth: 0, ...given }))();
    await take({ kind: 'flag' });
    await take({});
    await world.processAll();
    // A lead who looks before the appeal is filed finds nothing that keeps the case from being reopened.
    const reopen = await world.cases.prepare({ ...DECISION, kind: 'reopen', nth: 0 });
    await take({ kind: 'file' });
    await take({ kind: 'decide', outcome: 'partly-granted', clause: 'gore' });
    if (!isLate) await world.processAll();
    await reopen();
    await take({ clause: 'spam' });
    await world.processAll();
    await expectConsequences(world, true);
    expect(modelOf(world.of('case-img-0')).inForce).toEqual({ since: 1, clause: 'spam' });
    const { length } = world.log.events;
    await world.processAll(length);
    expect(world.log.events).toHaveLength(length);
    await take({ kind: 'file', clause: 'spam' });
    expect((await world.transactor.load(appealStream, 'img-0')).state).toMatchObject({ status: 'open', number: 2 });
  }
});

it('keeps the clause of a second appeal, also if the first is processed again', async () => {
  const world = new World();
  await world.open(true);
  const take = async (given: Partial<Decision>) =>
    (await world.cases.prepare({ ...DECISION, kind: 'judge', nth: 0, ...given }))();
  for (const given of [{ kind: 'flag' as const }, {}]) await take(given);
  for (const clause of ['spam', 'gore']) {
    await world.processAll();
    await take({ kind: 'file', clause: 'spam' });
    await take({ kind: 'decide', outcome: 'partly-granted', clause });
  }
  await world.processAll();
  const { length } = world.log.events;
  await world.processAll(length);
  expect([world.log.events.length, modelOf(world.of('case-img-0')).inForce?.clause]).toEqual([length, 'gore']);
});
