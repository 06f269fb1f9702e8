import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isImposedBy, type Step, step } from '../../../test/support/appeal-steps.js';
import { eventRules } from '../../../test/support/event-rules.js';
import { runs } from '../../../test/support/runs.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { enforcingOn, undoingOn } from '../../../test/support/undoing.js';
import {
  type AccountEvent,
  type AccountStanding,
  accountStream,
  consequencesOf,
  deactivateAccount,
  reinstateAccount,
  restrictAccount,
  suspendAccount,
} from '../../account/index.js';
import {
  acknowledgeEnforcement,
  enforcementStream,
  imageWithholding,
  ladderStream,
  registerTarget,
  setLadder,
  targetsStream,
} from '../../enforcement/index.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { Transactor } from '../../event-store/transact.js';
import { withholdingStream } from '../../images/index.js';
import { DAY_MS, systemClock, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { CaseOpened, caseStream, ReviewConfirmed } from '../../review/index.js';
import { AppealGranted, AppealPartlyGranted } from '../events.js';
import { appealCarryingOut } from './carrying-out.js';

let database: TestDatabase;
let store: PostgresEventStore;
let worlds = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore(database.connection);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const ids = timeOrderedIds(systemClock);
const eventIds = new OwnEventIds(Buffer.alloc(32, 1), 0);
const transactorOn = (on: EventStore) => new Transactor(on, ids, systemClock, eventRules);
const OPERATOR: CommandContext = { actor: { kind: 'user', id: 'olga', role: 'operator' }, correlationid: 'spec' };
const LADDERS = [
  [{ steps: [{ strikes: 1, measure: 'restrict' as const, action: 'share' as const, days: 900 }] }],
  [
    { strikeDays: 900, steps: [{ strikes: 1, measure: 'suspend' as const, days: 900 }] },
    { clause: 'spam', steps: [{ strikes: 1, measure: 'strike' as const }] },
    { clause: 'ads', steps: [{ strikes: 1, measure: 'restrict' as const, action: 'share' as const, days: 900 }] },
  ],
  [{ steps: [{ strikes: 1, measure: 'deactivate' as const }] }],
];

/** A store that fails after some appends, as for a process that is killed. */
function dyingAfter(appends: number): EventStore {
  const dying = Object.create(store) as PostgresEventStore;
  let left = appends;
  dying.append = (writes) => (left-- > 0 ? store.append(writes) : Promise.reject(new StoreUnavailable('killed')));
  return dying;
}

class World {
  readonly accountId = `acc-${worlds++}`;
  readonly confirmations: RecordedEvent[] = [];
  readonly causes: string[] = [];
  /** Cases of which an appeal was granted in part. */
  readonly inPart = new Set<string>();

  async confirm(caseId = `${this.accountId}-img-${this.confirmations.length}`, round = 1): Promise<string> {
    const { accountId } = this;
    const facts = { caseId, imageId: caseId, accountId, round };
    const events = [
      newEvent('CaseOpened', { ...CaseOpened.example, ...facts }),
      newEvent('ReviewConfirmed', { ...ReviewConfirmed.example, ...facts, clause: 'violent' }),
    ];
    await store.append([{ stream: `case-${caseId}`, expected: 'any', events }]);
    this.confirmations.push((await store.readStream(`case-${caseId}`)).at(-1)!);
    if (!this.causes.includes(caseId)) this.causes.push(caseId);
    return caseId;
  }

  async enforce(event: RecordedEvent): Promise<void> {
    const transactor = transactorOn(store);
    await enforcingOn(store, transactor, eventIds).react(event);
    await imageWithholding(transactor, eventIds).react(event);
  }

  /** An act of an operator, which a rule may refuse. */
  async act(decide: (state: AccountStanding, enforcementId: string) => AccountEvent[]): Promise<void> {
    const enforcementId = `${this.accountId}-e-${this.causes.length}`;
    const { accountId } = this;
    await transactorOn(store)
      .transact(accountStream, accountId, OPERATOR, (state) => decide(state, enforcementId))
      .then(
        ({ events }) =>
          events.some(({ data }) => data.enforcementId === enforcementId) && this.causes.push(enforcementId),
      )
      .catch(() => undefined);
  }

  async appeal(type: 'AppealGranted' | 'AppealPartlyGranted', cause: string, more = {}): Promise<RecordedEvent> {
    const isCase = !cause.includes('-e-');
    const example = type === 'AppealGranted' ? AppealGranted.example : AppealPartlyGranted.example;
    const { caseId: _, imageId: __, round: ___, ...rest } = example;
    const data = {
      ...rest,
      ...{ appealId: cause, accountId: this.accountId },
      ...(isCase && { caseId: cause, imageId: cause, round: 1 }),
      ...more,
    };
    await store.append([{ stream: `appeal-${cause}`, expected: 'any', events: [newEvent(type, data)] }]);
    return (await store.readStream(`appeal-${cause}`)).at(-1)!;
  }

  carryOut(event: RecordedEvent, on: EventStore = store): Promise<void> {
    const transactor = transactorOn(on);
    return appealCarryingOut(transactor, eventIds, undoingOn(on, transactor)).react(event);
  }

  async acknowledge(id: string | undefined): Promise<void> {
    const { order, asked } = id === undefined ? enforcementStream.initial : await this.enforcementOf(id);
    if (!order || !asked) return;
    const { state: targets } = await transactorOn(store).load(targetsStream, undefined);
    for (const target of asked.waitingFor)
      await transactorOn(store).transact(enforcementStream, id, OPERATOR, (state) =>
        acknowledgeEnforcement(state, { id: id!, target, upTo: asked.position }, targets),
      );
  }

  /** One appeal against each confirmation at most. */
  async grantInPart(nth: number, clause: string): Promise<void> {
    const open = this.confirmations.map(({ data }) => data.caseId as string).filter((id) => !this.inPart.has(id));
    const id = open[nth % Math.max(1, open.length)];
    if (id === undefined) return;
    this.inPart.add(id);
    await this.carryOut(await this.appeal('AppealPartlyGranted', id, { clause, number: 1 }));
  }

  /** Whatever an event has caused in the streams of these causes. */
  async causedBy({ id }: RecordedEvent, causes: readonly string[]): Promise<RecordedEvent[]> {
    const streams = causes.flatMap((one) => ['enforcement', 'image', 'case'].map((kind) => `${kind}-${one}`));
    const events = (await Promise.all(streams.map((stream) => store.readStream(stream)))).flat();
    return events.filter(({ metadata }) => metadata.causationid === id);
  }

  history = () => store.readStream(`account-${this.accountId}`);
  standing = async () => foldRecorded(accountStream, await this.history());
  caseOf = async (id: string) => (await transactorOn(store).load(caseStream, id)).state;
  enforcementOf = async (id: string) => (await transactorOn(store).load(enforcementStream, id)).state;
  imageOf = async (id: string) => (await transactorOn(store).load(withholdingStream, id)).state;
}

/** What is in force or counts. */
function inForce(state: AccountStanding) {
  const { deactivations, suspensions, restrictions, strikes } = consequencesOf(state);
  const shown = (some: readonly object[]) =>
    some.map((one) => JSON.stringify({ ...one, replaced: undefined, source: undefined })).sort();
  return [deactivations, suspensions, restrictions, strikes].map(shown);
}

const setTo = (which: number) =>
  transactorOn(store).transact(ladderStream, undefined, OPERATOR, (state) =>
    setLadder(state, { entries: LADDERS[which]!, reason: `ladder ${which}` }, new Set()),
  );

const register = (name: string, consequence: 'suspend' | 'restrict') =>
  transactorOn(store).transact(targetsStream, undefined, OPERATOR, (state) =>
    registerTarget(state, {
      name,
      ...{ consequences: [consequence], deadlineSeconds: 60, retrySeconds: 60, reason: 'spec' },
    }),
  );

async function take(world: World, { kind, nth, days }: Step): Promise<void> {
  const { accountId, confirmations, causes } = world;
  const reason = 'spam';
  const now = systemClock.now();
  const until = toIso(now + days * DAY_MS);
  if (kind === 'confirm') {
    await world.confirm();
    await world.enforce(confirmations.at(-1)!);
  } else if (kind === 'again' && confirmations.length > 0)
    await world.enforce(confirmations[nth % confirmations.length]!);
  else if (kind === 'ladder') await setTo(nth % LADDERS.length);
  else if (kind === 'target')
    await register(nth % 2 === 0 ? 'sessions' : 'gallery', nth % 3 === 0 ? 'suspend' : 'restrict');
  else if (kind === 'acknowledge') await world.acknowledge(causes[nth % Math.max(1, causes.length)]);
  else if (kind === 'partly') await world.grantInPart(nth, days % 2 === 0 ? 'spam' : 'ads');
  else
    await world.act((state, enforcementId) => {
      if (kind === 'suspend') return suspendAccount(state, { accountId, until, reason, enforcementId }, now);
      if (kind === 'restrict')
        return restrictAccount(state, { accountId, until, reason, enforcementId, action: 'share' }, now);
      if (kind === 'deactivate') return deactivateAccount(state, { accountId, reason, enforcementId, categories: [] });
      const cause = causes[nth % Math.max(1, causes.length)];
      return reinstateAccount(state, { accountId, reason, ...(kind === 'lift' && { cause }) }, now);
    });
}

it('leaves exactly the state without the decision, whatever happens before, meanwhile and after', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.array(step, { maxLength: 3 }),
      fc.nat(8),
      fc.array(fc.nat(4), { maxLength: 3 }),
      async (before, meanwhile, chosen, deaths) => {
        const world = new World();
        for (const one of before) await take(world, one);
        if (world.causes.length === 0) return;
        const cause = world.causes[chosen % world.causes.length]!;
        if (cause.includes('-e-')) await store.append([manualOrder(world, cause)]);
        const number = world.inPart.has(cause) ? 2 : 1;
        // No other appeal against it is decided while this one is open.
        world.inPart.add(cause);
        const granted = await world.appeal('AppealGranted', cause, { number });
        for (const [n, appends] of deaths.entries()) {
          await world
            .carryOut(granted, dyingAfter(appends))
            .catch((error) => expect(error).toBeInstanceOf(StoreUnavailable));
          if (meanwhile[n]) await take(world, meanwhile[n]);
        }
        await world.carryOut(granted);
        const history = await world.history();
        const without = history.filter((event) => !isImposedBy(event, cause));
        expect(inForce(foldRecorded(accountStream, history))).toEqual(inForce(foldRecorded(accountStream, without)));
        for (const event of world.confirmations) {
          const id = event.data.caseId as string;
          const isUndone = id === cause;
          expect((await world.caseOf(id)).status).toBe(isUndone ? 'overturned' : 'confirmed');
          expect((await world.imageOf(id)).caseId).toBe(isUndone ? undefined : id);
          expect((await world.enforcementOf(id)).status).toBe(isUndone ? 'reversed' : 'completed');
        }
        const others = world.causes.filter((one) => one !== cause);
        expect(await world.causedBy(granted, others)).toEqual([]);
        const { order, asked } = await world.enforcementOf(cause);
        expect(asked?.waitingFor).toEqual(order?.targets ?? []);
        const all = async () =>
          (
            await Promise.all([world.history(), ...world.causes.map((id) => store.readStream(`enforcement-${id}`))])
          ).flat();
        const settled = await all();
        await world.carryOut(granted);
        for (const event of world.confirmations) await world.enforce(event);
        expect(await all()).toEqual(settled);
      },
    ),
    { numRuns: runs(30, 200) },
  );
});

const manualOrder = ({ accountId }: World, enforcementId: string) => ({
  stream: `enforcement-${enforcementId}`,
  expected: 'any' as const,
  events: [newEvent('EnforcementOrdered', { accountId, enforcementId, measure: 'suspend', categories: [] })],
});

it('enforces the case again if a later round confirms it', async () => {
  await setTo(2);
  const world = new World();
  const id = await world.confirm();
  await world.enforce(world.confirmations[0]!);
  await world.carryOut(await world.appeal('AppealGranted', id));
  expect(await world.standing()).toMatchObject({ deactivated: false });
  await world.confirm(id, 2);
  for (const event of world.confirmations) await world.enforce(event);
  expect(await world.standing()).toMatchObject({ deactivated: true });
  expect(await world.enforcementOf(id)).toMatchObject({ status: 'completed', orders: 2 });
  expect(await world.imageOf(id)).toMatchObject({ caseId: id });
});

it('asks the targets of both measures if it puts another in the place of the first, and gives reasons', async () => {
  await setTo(1);
  await register('sessions', 'suspend');
  const world = new World();
  const id = await world.confirm();
  await world.enforce(world.confirmations[0]!);
  await register('gallery', 'restrict');
  const before = (await world.enforcementOf(id)).order!;
  expect(before.targets).toEqual(['sessions']);
  await world.carryOut(await world.appeal('AppealPartlyGranted', id, { clause: 'ads' }));
  expect((await world.enforcementOf(id)).order).toMatchObject({
    clause: 'ads',
    measure: 'restrict',
    targets: ['gallery', 'sessions'],
    statement: { ground: 'content-policy', decidedBy: 'reviewers', isMeasureAutomated: true },
  });
});

it('counts the strikes that the first order counted, also those imposed after the confirmation', async () => {
  const steps = [
    { strikes: 1, measure: 'strike' as const },
    { strikes: 2, measure: 'suspend' as const, days: 900 },
  ];
  const entries = [
    { strikeDays: 900, steps },
    { clause: 'spam', steps },
  ];
  await transactorOn(store).transact(ladderStream, undefined, OPERATOR, (state) =>
    setLadder(state, { entries, reason: 'two steps' }, new Set()),
  );
  const world = new World();
  await world.confirm();
  const id = await world.confirm();
  for (const event of world.confirmations) await world.enforce(event);
  expect((await world.enforcementOf(id)).order).toMatchObject({ measure: 'suspend', strikes: 2 });
  await world.carryOut(await world.appeal('AppealPartlyGranted', id, { clause: 'spam' }));
  const { order } = await world.enforcementOf(id);
  expect(order).toMatchObject({ clause: 'spam', measure: 'suspend', strikes: 2 });
  // The second appeal counts as the first did.
  await world.carryOut(await world.appeal('AppealPartlyGranted', id, { clause: 'spam', number: 2 }));
  expect((await world.enforcementOf(id)).order).toEqual(order);
});

it('puts the ladder’s measures for the other clause in the place of the first, and survives crashes', async () => {
  await setTo(1);
  for (const deaths of [[], [0], [1], [2], [3], [1, 1, 1]]) {
    const world = new World();
    const id = await world.confirm();
    await world.enforce(world.confirmations[0]!);
    expect((await world.standing()).suspendedUntil).toBeDefined();
    const granted = await world.appeal('AppealPartlyGranted', id, { clause: 'spam' });
    for (const appends of deaths) await world.carryOut(granted, dyingAfter(appends)).catch(() => undefined);
    for (let n = 0; n < 2; n++) await world.carryOut(granted);
    const { consequences, suspendedUntil } = await world.standing();
    expect([suspendedUntil, consequences!.strikes]).toEqual([undefined, [{ cause: id }]]);
    expect(await world.enforcementOf(id)).toMatchObject({ status: 'completed', orders: 2, order: { clause: 'spam' } });
    expect(await world.caseOf(id)).toMatchObject({ status: 'confirmed', clause: 'spam' });
    expect(await world.imageOf(id)).toMatchObject({ caseId: id });
  }
});
