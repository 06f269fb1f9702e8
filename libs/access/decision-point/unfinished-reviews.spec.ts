import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { recordedOf } from '../../../test/support/fold-view.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { accountStream, StrikeRescinded } from '../../account/index.js';
import { EnforcementReversed, ladderStream } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { ReviewConfirmed } from '../../review/index.js';
import { PendingEnforcements } from './pending-enforcements.js';
import { readPending } from './unfinished-reviews.js';

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

async function confirm(caseId: string, accountId?: string): Promise<number> {
  const { accountId: _, ...data } = { ...ReviewConfirmed.example, caseId, imageId: caseId };
  const events = [newEvent('ReviewConfirmed', { ...data, ...(accountId !== undefined && { accountId }) })];
  await store.append([{ stream: `case-${caseId}`, expected: 'any', events }]);
  return (await store.readStream(`case-${caseId}`)).at(-1)!.position;
}
const isDenied = async (pending: Awaited<ReturnType<typeof readPending>>, accountId: string) =>
  pending.expected(accountId, accountStream.initial, ladderStream.initial).deactivated;

it('reads nothing of the log because of a parked confirmation that names no account', async () => {
  const position = await confirm('nobodys');
  const unread = { ...store, readAll: () => Promise.reject(new Error('the log was read')) } as unknown as EventStore;
  const enforcing = { position: await store.head(), parked: [{ key: '~nobodys', position }] };
  expect((await readPending(unread, accountStream, enforcing)).isEmpty).toBe(true);
});

it('denies an account with the name of such a case, for which an earlier release parked both', async () => {
  const position = await confirm('same-name');
  await confirm('other', 'same-name');
  const enforcing = { position: await store.head(), parked: [{ key: 'same-name', position }] };
  const pending = await readPending(store, accountStream, enforcing);
  expect(await isDenied(pending, 'same-name')).toBe(true);
  expect(await isDenied(pending, 'nobody-else')).toBe(false);
});

it('denies the account of a confirmation that follows the undoing of an earlier one, whatever that lifts meanwhile', () => {
  const pending = new PendingEnforcements();
  const ofCase = { accountId: 'acc-1', caseId: 'img-1' };
  const confirmed = recordedOf(20, ReviewConfirmed, { ...ofCase, imageId: 'img-1', round: 3 });
  const reversal = { ...ofCase, reason: 'case-reopened', appeal: 0, decidedRound: 2 };
  const standing = accountStream.initial;
  const denied = () => pending.expected('acc-1', standing, ladderStream.initial).deactivated;
  pending.apply(confirmed);
  pending.applyToAccount('acc-1', recordedOf(21, StrikeRescinded, { ...ofCase, reason: 'case-reopened' }));
  pending.apply(recordedOf(22, EnforcementReversed, { ...reversal, round: 1 }));
  expect(denied()).toBe(true);
  pending.apply(recordedOf(23, EnforcementReversed, { ...reversal, round: 3, decidedRound: 4 }));
  expect(denied()).toBe(false);
});
