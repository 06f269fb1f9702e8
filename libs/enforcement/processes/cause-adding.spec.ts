import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { accountStream, consequencesOf, reinstateAccount, undoDecision } from '../../account/index.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { causeAdding } from './cause-adding.js';

let database: TestDatabase;
let store: PostgresEventStore;
let transactor: Transactor;
let accounts = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore(database.connection);
  transactor = new Transactor(store, timeOrderedIds(systemClock), systemClock, eventRules);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const append = (stream: string, type: string, data: object) =>
  store.append([{ stream, expected: 'any', events: [newEvent(type, { ...data })] }]);
const OPERATOR = { actor: { kind: 'user' as const, id: 'olga', role: 'operator' as const }, correlationid: 'spec' };

/** An account that two cases deactivate, of which an earlier release stored only the first there. */
async function older() {
  const accountId = `acc-${accounts++}`;
  const cases = ['a', 'b'].map((name) => `${accountId}-${name}`) as [string, string];
  const [first] = cases;
  await append(`account-${accountId}`, 'AccountDeactivated', {
    ...{ accountId, reason: 'review-confirmed', caseId: first, imageId: first, categories: ['violent'] },
  });
  for (const caseId of cases) {
    const order = { accountId, caseId, imageId: caseId, measure: 'deactivate', categories: ['hate'] };
    await append(`enforcement-${caseId}`, 'EnforcementOrdered', order);
    await append(`enforcement-${caseId}`, 'EnforcementCompleted', { accountId, caseId });
  }
  const standing = async () => (await transactor.load(accountStream, accountId)).state;
  const causes = async () => consequencesOf(await standing()).deactivations.map(({ cause }) => cause);
  const lift = (cause?: string) =>
    transactor.transact(accountStream, accountId, OPERATOR, (state) =>
      cause === undefined
        ? reinstateAccount(state, { accountId, reason: 'mistake' }, systemClock.now())
        : undoDecision(state, { accountId, cause, reason: 'appeal-granted' }, systemClock.now()),
    );
  return { accountId, cases, causes, lift, standing };
}

async function addCauses(cases: readonly string[]): Promise<void> {
  const consumer = causeAdding(transactor, store, new OwnEventIds(Buffer.alloc(32, 1), 0));
  for (const caseId of cases) {
    for (const event of await store.readStream(`enforcement-${caseId}`))
      if (consumer.types.includes(event.type)) await consumer.react(event);
  }
}

describe('a case that an earlier release did not store on its account', () => {
  it('keeps the account deactivated once an appeal undoes the other', async () => {
    const { cases, causes, lift, standing } = await older();
    await addCauses(cases);
    await addCauses(cases);
    expect(await causes()).toEqual(cases);
    await lift(cases[0]);
    expect((await standing()).deactivated).toBe(true);
    await lift(cases[1]);
    expect((await standing()).deactivated).toBe(false);
    await addCauses(cases);
    expect((await standing()).deactivated).toBe(false);
  });

  it('is not added to an account that was reinstated since, or after it was lifted', async () => {
    const { accountId, cases, causes, lift } = await older();
    await lift();
    await addCauses(cases);
    expect(await causes()).toEqual([]);
    await append(`account-${accountId}`, 'AccountDeactivated', {
      ...{ accountId, reason: 'review-confirmed', caseId: 'later', categories: [] },
    });
    await addCauses(cases);
    expect(await causes()).toEqual(['later']);
  });

  it('is not added once an appeal has undone it', async () => {
    const { accountId, cases, causes } = await older();
    const reversal = { accountId, caseId: cases[1], reason: 'appeal-granted', appeal: 1 };
    await append(`enforcement-${cases[1]}`, 'EnforcementReversed', reversal);
    await addCauses(cases);
    expect(await causes()).toEqual([cases[0]]);
  });
});
