import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventRules } from '../../../test/support/event-rules.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { enforcingOn } from '../../../test/support/undoing.js';
import { accountStream, deactivateAccount, reinstateAccount } from '../../account/index.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { type EventStore } from '../../event-store/event-store.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { nameBasedId, timeOrderedIds } from '../../kernel/ids.js';

let database: TestDatabase;
let store: PostgresEventStore;

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

/** A store that fails after some appends, as for a process that is killed. */
function dyingAfter(appends: number): EventStore {
  const dying = Object.create(store) as PostgresEventStore;
  let left = appends;
  dying.append = (writes) => (left-- > 0 ? store.append(writes) : Promise.reject(new StoreUnavailable('killed')));
  return dying;
}

it('enforces each confirmed review once, whatever is reprocessed and whatever operators do in between', async () => {
  const CASES = 3;
  const step = fc.oneof(
    // A process handles a confirmation, the first time or again, and may die halfway.
    {
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        nth: fc.integer({ min: 0, max: CASES - 1 }),
        dies: fc.constantFrom(undefined, 0, 1, 2),
      }),
      weight: 3,
    },
    { arbitrary: fc.record({ kind: fc.constantFrom('reinstate' as const, 'deactivate' as const) }), weight: 2 },
  );
  let accounts = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const accountId = `acc-${accounts++}`;
      const confirmed: RecordedEvent[] = [];
      for (let n = 0; n < CASES; n++) {
        const caseId = `${accountId}-img-${n}`;
        const event = newEvent('ReviewConfirmed', { caseId, imageId: caseId, accountId, categories: [], round: 1 });
        await store.append([{ stream: `case-${caseId}`, expected: 'any', events: [event] }]);
        confirmed.push((await store.readStream(`case-${caseId}`))[0]!);
      }
      const log = async () => [
        ...(await store.readStream(`account-${accountId}`)),
        ...(await Promise.all(confirmed.map(({ data }) => store.readStream(`enforcement-${data.caseId}`)))).flat(),
      ];
      const isDeactivated = async () => (await transactorOn(store).load(accountStream, accountId)).state.deactivated;
      const enforced = new Set<number>();
      for (const one of steps) {
        if (one.kind === 'read') {
          const before = await log();
          const consumer = enforcingOn(
            store,
            transactorOn(one.dies === undefined ? store : dyingAfter(one.dies)),
            eventIds,
          );
          const isDone = await consumer.react(confirmed[one.nth]!).then(
            () => true,
            (error) => {
              expect(error).toBeInstanceOf(StoreUnavailable);
              return false;
            },
          );
          if (enforced.has(one.nth)) expect(await log()).toEqual(before);
          if (isDone) enforced.add(one.nth);
        } else {
          await transactorOn(store).transact(accountStream, accountId, OPERATOR, (state) =>
            one.kind === 'reinstate'
              ? reinstateAccount(state, { accountId, reason: 'appeal' }, 0)
              : deactivateAccount(state, { accountId, reason: 'operator-decision', categories: [] }),
          );
          expect(await isDeactivated()).toBe(one.kind === 'deactivate');
        }
      }
      const events = await log();
      for (const [n, { data }] of confirmed.entries()) {
        const ofCase = (type: string) => events.filter((one) => one.type === type && one.data.caseId === data.caseId);
        expect(ofCase('AccountDeactivated').length).toBeLessThanOrEqual(1);
        expect(ofCase('EnforcementOrdered').length).toBeLessThanOrEqual(1);
        expect(ofCase('EnforcementCompleted').length).toBe(enforced.has(n) ? 1 : 0);
      }
    }),
    { numRuns: 20 },
  );
});

it('keeps each confirmed review in the stream of its case, and in the account’s only that it is a cause', async () => {
  const accountId = 'acc-hot';
  const { react } = enforcingOn(store, transactorOn(store), eventIds);
  for (let n = 0; n < 20; n++) {
    const caseId = `hot-${n}`;
    const event = newEvent('ReviewConfirmed', { caseId, imageId: caseId, accountId, categories: ['hate'], round: 1 });
    await store.append([{ stream: `case-${caseId}`, expected: 'any', events: [event] }]);
    await react((await store.readStream(`case-${caseId}`))[0]!);
    const enforced = await store.readStream(`enforcement-${caseId}`);
    expect(enforced).toMatchObject([
      {
        type: 'EnforcementOrdered',
        data: { accountId, caseId, categories: ['hate'] },
        metadata: { causationid: event.id },
      },
      { type: 'EnforcementCompleted' },
    ]);
  }
  const [first, ...further] = (await store.readStream(`account-${accountId}`)).map(({ type }) => type);
  expect([first, new Set(further)]).toEqual(['AccountDeactivated', new Set(['DeactivationCauseAdded'])]);
  expect(further).toHaveLength(19);
});

it('changes nothing for a confirmation that an earlier release recorded as a no-op in the account’s stream', async () => {
  const accountId = 'acc-early';
  const event = newEvent('ReviewConfirmed', { caseId: 'early', imageId: 'early', accountId, categories: [], round: 1 });
  await store.append([{ stream: 'case-early', expected: 'any', events: [event] }]);
  const [confirmed] = await store.readStream('case-early');
  const transactor = transactorOn(store);
  const once = { ...OPERATOR, eventId: nameBasedId(event.id, 'deactivate-account'), eventType: 'AccountDeactivated' };
  await transactor.transact(accountStream, accountId, once, () => []);
  await enforcingOn(store, transactor, new OwnEventIds(Buffer.alloc(32, 1), 1)).react(confirmed!);
  expect((await store.readStream(`account-${accountId}`)).map(({ type }) => type)).toEqual(['CommandTaken']);
});

it('deactivates for each confirmed review once: not when one is reprocessed after a reinstatement', async () => {
  const accountId = 'acc-again';
  const confirm = async (caseId: string) => {
    const event = newEvent('ReviewConfirmed', { caseId, imageId: caseId, accountId, categories: ['hate'], round: 1 });
    await store.append([{ stream: `case-${caseId}`, expected: 'any', events: [event] }]);
    return (await store.readStream(`case-${caseId}`))[0]!;
  };
  const transactor = transactorOn(store);
  const { react } = enforcingOn(store, transactor, eventIds);
  const isDeactivated = async () => (await transactor.load(accountStream, accountId)).state.deactivated;
  const reinstate = () =>
    transactor.transact(accountStream, accountId, OPERATOR, (state) =>
      reinstateAccount(state, { accountId, reason: 'appeal' }, 0),
    );
  const [first, meanwhile, later] = [await confirm('again-1'), await confirm('again-2'), await confirm('again-3')];
  await react(first);
  await react(meanwhile);
  expect(await isDeactivated()).toBe(true);
  await reinstate();
  await react(first);
  await react(meanwhile);
  expect(await isDeactivated()).toBe(false);
  await react(later);
  expect(await isDeactivated()).toBe(true);
});

it('deactivates although a stranger took the id that an earlier version would have derived', async () => {
  const accountId = 'acc-guessed';
  const event = newEvent('ReviewConfirmed', {
    caseId: 'guessed',
    imageId: 'guessed',
    accountId,
    categories: [],
    round: 1,
  });
  await store.append([{ stream: 'case-guessed', expected: 'any', events: [event] }]);
  const confirmed = (await store.readStream('case-guessed'))[0]!;
  const stranger = {
    ...newEvent('ImageShared', { imageId: 'x' }),
    id: nameBasedId(confirmed.id, 'deactivate-account'),
  };
  await store.append([{ stream: 'facts-http0', expected: 'any', events: [stranger] }]);
  const transactor = transactorOn(store);
  for (const ids of [eventIds, new OwnEventIds(Buffer.alloc(32, 1), 1)])
    await enforcingOn(store, transactor, ids).react(confirmed);
  expect((await transactor.load(accountStream, accountId)).state.deactivated).toBe(true);
  const stored = (await store.readStream(`account-${accountId}`)).map(({ id }) => id);
  expect(stored).toEqual([eventIds.identify(confirmed, 'deactivate-account').eventId]);
});

it('does not deactivate again for what an earlier version enforced under another id', async () => {
  const accountId = 'acc-former';
  const event = newEvent('ReviewConfirmed', {
    caseId: 'former',
    imageId: 'former',
    accountId,
    categories: [],
    round: 1,
  });
  await store.append([{ stream: 'case-former', expected: 'any', events: [event] }]);
  const confirmed = (await store.readStream('case-former'))[0]!;
  const former = { eventId: nameBasedId(confirmed.id, 'deactivate-account'), eventType: 'AccountDeactivated' };
  const transactor = transactorOn(store);
  await transactor.transact(accountStream, accountId, { ...OPERATOR, ...former }, (state) =>
    deactivateAccount(state, { accountId, reason: 'content-policy-violation', categories: [] }),
  );
  await transactor.transact(accountStream, accountId, OPERATOR, (state) =>
    reinstateAccount(state, { accountId, reason: 'appeal' }, 0),
  );
  const later = transactorOn(store);
  for (const one of [transactor, later])
    await enforcingOn(store, one, new OwnEventIds(Buffer.alloc(32, 1), 1)).react(confirmed);
  expect((await later.load(accountStream, accountId)).state.deactivated).toBe(false);
});
