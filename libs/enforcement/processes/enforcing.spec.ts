import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { accountStream, deactivateAccount, reinstateAccount } from '../../account/index.js';
import { type EventStore } from '../../event-store/event-store.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { enforcing } from './enforcing.js';

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
const transactorOn = (on: EventStore) => new Transactor(on, ids, systemClock, () => 1);
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
          const consumer = enforcing(transactorOn(one.dies === undefined ? store : dyingAfter(one.dies)));
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
              ? reinstateAccount(state, { accountId, reason: 'appeal' })
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

it('deactivates for each confirmed review once: not when one is reprocessed after a reinstatement', async () => {
  const accountId = 'acc-again';
  const confirm = async (caseId: string) => {
    const event = newEvent('ReviewConfirmed', { caseId, imageId: caseId, accountId, categories: ['hate'], round: 1 });
    await store.append([{ stream: `case-${caseId}`, expected: 'any', events: [event] }]);
    return (await store.readStream(`case-${caseId}`))[0]!;
  };
  const transactor = transactorOn(store);
  const { react } = enforcing(transactor);
  const isDeactivated = async () => (await transactor.load(accountStream, accountId)).state.deactivated;
  const reinstate = () =>
    transactor.transact(accountStream, accountId, OPERATOR, (state) =>
      reinstateAccount(state, { accountId, reason: 'appeal' }),
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
