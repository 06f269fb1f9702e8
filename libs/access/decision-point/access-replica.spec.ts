import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { accountStream } from '../../account/index.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { foldRecorded } from '../../kernel/decider.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { switchesStream } from '../../switches/index.js';
import { AccessReplica } from './access-replica.js';

/** The longest timer: Jest ends what hangs. */
const NEVER_MS = 2 ** 31 - 1;

describe('the access replica', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  const stops: AbortController[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore(database.connection);
  });
  afterAll(async () => {
    for (const stop of stops) stop.abort();
    await store.close();
    await database.drop();
  });

  async function started(accounts: number, enforced?: number): Promise<AccessReplica> {
    const stop = new AbortController();
    stops.push(stop);
    const replica = new AccessReplica(store, new LogTail(store), { accounts });
    await replica.start(stop.signal, { enforced: enforced ?? (await store.head()) });
    return replica;
  }

  async function append(stream: string, type: string, data: Record<string, unknown>): Promise<number> {
    const [result] = await store.append([{ stream, expected: 'any', events: [newEvent(type, data)] }]);
    return (result as { position: number }).position;
  }
  const appendTo = (accountId: string, type: string, more = {}) =>
    append(`account-${accountId}`, type, { accountId, ...more });

  it('equals the fold of the account’s stream, however few accounts it may hold and whenever it started', async () => {
    const account = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const type = fc.constantFrom(
      'WaitlistJoined',
      'AccountOnboarded',
      'AccountDeactivated',
      'AccountReinstated',
      'WaitlistLeft',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(account, type, account), { maxLength: 25 }),
        fc.integer({ min: 1, max: 8 }),
        async (steps, limit) => {
          const replica = await started(limit);
          let position = 0;
          for (const [accountId, event, asked] of steps) {
            const appended = appendTo(accountId, event, { cohortId: 'c' });
            await replica.standing(asked);
            position = await appended;
          }
          expect(await replica.waitFor(position, NEVER_MS)).toBe(true);
          for (const accountId of ['a', 'b', 'c', 'd', 'e']) {
            const events = await store.readStream(`account-${accountId}`);
            expect(await replica.standing(accountId)).toEqual(foldRecorded(accountStream, events));
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it('knows the switches of the whole log, whenever it started, and folds each of their events once', async () => {
    const change = fc.record({
      type: fc.constantFrom('ActionSuspended', 'ActionResumed'),
      action: fc.constantFrom('generate', 'share'),
      cohortId: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      reason: fc.constantFrom('x', 'y'),
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat({ max: 5 }), fc.boolean(), async (steps, startAt, fromStart) => {
        let replica: AccessReplica | undefined;
        let position = 0;
        for (const [n, { type, ...data }] of steps.entries()) {
          const appended = append('switches', type, JSON.parse(JSON.stringify(data)));
          if (n === Math.min(startAt, steps.length - 1)) replica = await started(1, fromStart ? 0 : undefined);
          position = await appended;
        }
        await replica!.waitFor(position, NEVER_MS);
        expect(replica!.switches).toEqual(foldRecorded(switchesStream, await store.readStream('switches')));
      }),
      { numRuns: 6 },
    );
  });

  it('denies from the confirmed review on, before the deactivation, also after a restart', async () => {
    await appendTo('offender', 'WaitlistJoined');
    const before = await started(10);
    expect(await before.standing('offender')).toMatchObject({ deactivated: false });
    const enforced = await store.head();
    const confirmed = await append('case-img', 'ReviewConfirmed', {
      caseId: 'img',
      imageId: 'img',
      accountId: 'offender',
    });
    await before.waitFor(confirmed, NEVER_MS);
    const restarted = await started(10, enforced);
    for (const replica of [before, restarted]) {
      expect(await replica.standing('offender')).toMatchObject({ status: 'waiting', deactivated: true });
    }
    await appendTo('offender', 'AccountDeactivated', { caseId: 'img' });
    const reinstated = await appendTo('offender', 'AccountReinstated');
    for (const replica of [before, restarted]) {
      await replica.waitFor(reinstated, NEVER_MS);
      expect(await replica.standing('offender')).toMatchObject({ deactivated: false });
    }
  });

  it('denies an account with an overdue deactivation, however long ago the review was confirmed', async () => {
    await appendTo('overdue', 'WaitlistJoined');
    const stop = new AbortController();
    stops.push(stop);
    const replica = new AccessReplica(store, new LogTail(store), { accounts: 10 });
    await replica.start(stop.signal, { enforced: await store.head(), overdue: ['overdue'] });
    expect(await replica.standing('overdue')).toMatchObject({ status: 'waiting', deactivated: true });
    await appendTo('overdue', 'AccountDeactivated');
    await replica.waitFor(await appendTo('overdue', 'AccountReinstated'), NEVER_MS);
    expect(await replica.standing('overdue')).toMatchObject({ deactivated: false });
  });

  it('reports an error of the log other than an outage, and continues after it', async () => {
    const admin = new pg.Client(database.connection);
    await admin.connect();
    const stop = new AbortController();
    stops.push(stop);
    const replica = await new Promise<AccessReplica>((resolve, reject) => {
      const replica = new AccessReplica(store, new LogTail(store), { accounts: 10, error: () => resolve(replica) });
      replica
        .start(stop.signal, { enforced: 0 })
        .then(() => admin.query('ALTER SCHEMA log RENAME TO log_renamed'))
        .catch(reject);
    });
    await admin.query('ALTER SCHEMA log_renamed RENAME TO log');
    await admin.end();
    expect(await replica.waitFor(await appendTo('after-error', 'WaitlistJoined'), NEVER_MS)).toBe(true);
  });

  it('ages until it reads the head of the log, and stops waiting for a position that does not come', async () => {
    const replica = new AccessReplica(store, new LogTail(store), { accounts: 1 });
    expect(replica.ageMs).toBe(Number.POSITIVE_INFINITY);
    expect(await replica.waitFor((await store.head()) + 1, 1)).toBe(false);
  });
});
