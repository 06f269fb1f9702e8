import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { Transactor } from '../../event-store/transact.js';
import { systemClock } from '../../kernel/clock.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { enforcementStream } from '../enforcement.js';
import { loadLifted } from './lifted.js';

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

it('says as of which position it knows what was lifted, so that a later reinstatement is not taken for an earlier one', async () => {
  const [accountId, caseId] = ['acc-1', 'img-1'];
  const transactor = new Transactor(store, timeOrderedIds(systemClock), systemClock, eventRules);
  const append = async (stream: string, type: string, data: object) => {
    const events = [newEvent(type, { ...data })];
    await store.append([{ stream, expected: 'any', events }]);
    return (await store.readStream(stream)).at(-1)!.position;
  };
  const order = { accountId, caseId, imageId: caseId, measure: 'deactivate', categories: [] };
  await append(`enforcement-${caseId}`, 'EnforcementOrdered', order);
  const deactivated = await append(`account-${accountId}`, 'AccountDeactivated', {
    ...{ accountId, caseId, reason: 'review-confirmed', categories: [] },
  });
  await append(`image-${caseId}`, 'ImageWithheld', { imageId: caseId, caseId });
  await append(`enforcement-${caseId}`, 'EnforcementCompleted', { accountId, caseId });
  const { state } = await transactor.load(enforcementStream, caseId);
  const known = () => loadLifted(transactor, state, caseId, systemClock.now());
  const before = await known();
  expect(before).toEqual({ consequences: [], asOf: deactivated });
  // Stored after it was read and before the targets are asked again.
  const reinstated = await append(`account-${accountId}`, 'AccountReinstated', { accountId, reason: 'mistake' });
  expect(reinstated).toBeGreaterThan(before.asOf!);
  expect((await known()).consequences).toEqual(['deactivate']);
});
