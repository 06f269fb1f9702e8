import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { AppealFactsReader } from './appeal-facts.js';

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

it('says that a measure is imposed only once its enforcement is complete', async () => {
  const [accountId, caseId] = ['acc-1', 'img-1'];
  const append = (stream: string, type: string, data: object) =>
    store.append([{ stream, expected: 'any', events: [newEvent(type, { ...data })] }]);
  const transactor = new Transactor(store, timeOrderedIds(systemClock), systemClock, eventRules);
  const reader = new AppealFactsReader(store, transactor, { read: () => Promise.reject() } as never, {} as never);
  const isImposed = async () => (await reader.forFiling(caseId)).isImposed;
  expect(await isImposed()).toBe(false);
  await append(`enforcement-${caseId}`, 'EnforcementOrdered', {
    ...{ accountId, caseId, imageId: caseId, measure: 'deactivate', categories: [] },
  });
  await append(`account-${accountId}`, 'AccountDeactivated', {
    accountId,
    caseId,
    reason: 'review-confirmed',
    categories: [],
  });
  await append(`image-${caseId}`, 'ImageWithheld', { imageId: caseId, caseId });
  // Its consumer, which has not said so yet, would say it of other measures that an appeal orders meanwhile.
  expect(await isImposed()).toBe(false);
  await append(`enforcement-${caseId}`, 'EnforcementCompleted', { accountId, caseId });
  expect(await isImposed()).toBe(true);
});
