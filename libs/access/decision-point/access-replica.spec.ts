import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { accountStream } from '../../account/index.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { ConsumerProgress } from '../../subscriptions/checkpoints.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { switchesStream } from '../../switches/index.js';
import { AccessReplica, type ReplicaStart } from './access-replica.js';

/** The longest timer: Jest ends what hangs. */
const NEVER_MS = 2 ** 31 - 1;
const done = (position: number, ...parked: ConsumerProgress['parked']): ConsumerProgress => ({ position, parked });

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
    await replica.start(stop.signal, { enforcing: done(enforced ?? (await store.head())) });
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

  const confirm = (accountId: string, caseId: string) =>
    append(`case-${caseId}`, 'ReviewConfirmed', { caseId, imageId: caseId, accountId, categories: [] });

  async function restarted(start: Omit<ReplicaStart, 'enforcing'> & { enforcing?: ConsumerProgress }) {
    const stop = new AbortController();
    stops.push(stop);
    const replica = new AccessReplica(store, new LogTail(store), { accounts: 10 });
    await replica.start(stop.signal, { enforcing: done(await store.head()), ...start });
    await replica.waitFor(await store.head(), NEVER_MS);
    return replica;
  }

  it('denies what a parked review leads to until that review is enforced, whatever else is enforced or lifted', async () => {
    await appendTo('parked', 'WaitlistJoined');
    await appendTo('parked', 'AccountDeactivated', { caseId: 'earlier', reason: 'r', categories: [] });
    await appendTo('parked', 'AccountReinstated', { reason: 'appeal' });
    const position = await confirm('parked', 'case-p');
    await confirm('parked', 'case-q');
    const enforcing = done(await store.head(), { key: 'parked', position });
    const others: [string, object][] = [
      ['StrikeRescinded', { caseId: 'earlier', reason: 'appeal' }],
      ['AccountReinstated', { reason: 'appeal' }],
      ['AccountSuspended', { caseId: 'earlier', until: '2022-06-01T00:00:00.000Z', reason: 'still-in-force' }],
      ['DeactivationCauseAdded', { caseId: 'case-q', reason: 'r', categories: [] }],
      ['AccountReinstated', { reason: 'appeal' }],
    ];
    const running = await restarted({ enforcing, withheld: { imageIds: [], asOf: 0 } });
    for (const [type, data] of others) {
      await running.waitFor(await appendTo('parked', type, data), NEVER_MS);
      for (const replica of [running, await restarted({ enforcing })])
        expect([type, await replica.standing('parked')]).toMatchObject([type, { deactivated: true }]);
    }
    await appendTo('parked', 'AccountDeactivated', { caseId: 'case-p', reason: 'r', categories: [] });
    const last = await appendTo('parked', 'AccountReinstated', { reason: 'appeal' });
    await running.waitFor(last, NEVER_MS);
    for (const replica of [
      running,
      await restarted({ enforcing }),
      await restarted({ enforcing: done(last, enforcing.parked[0]!) }),
    ])
      expect(await replica.standing('parked')).toMatchObject({ deactivated: false });
  });

  it('knows an account as free whose parked review was carried out before the restart, and lifted', async () => {
    const position = await confirm('lifted', 'case-l');
    await appendTo('lifted', 'AccountDeactivated', { caseId: 'case-l', reason: 'r', categories: [] });
    await appendTo('lifted', 'AccountReinstated', { reason: 'appeal', cause: 'case-l' });
    const replica = await restarted({ enforcing: done(await store.head(), { key: 'lifted', position }) });
    expect(await replica.standing('lifted')).toMatchObject({ deactivated: false });
  });

  it('withholds the image of a confirmed review that is not processed yet, until it is restored later', async () => {
    await append('image-img-r', 'ImageRestored', { imageId: 'img-r', reason: 'appeal' });
    const asOf = await store.head();
    const position = await confirm('anyone', 'img-r');
    await confirm('anyone', 'img-s');
    await append('image-img-s', 'ImageRestored', { imageId: 'img-s', reason: 'appeal' });
    const head = await store.head();
    const parked = done(head, { key: 'img-r', position });
    for (const withholding of [done(0), done(asOf), parked])
      for (const withheld of [
        undefined,
        { imageIds: [], asOf: 0 },
        { imageIds: [], asOf },
        { imageIds: [], asOf: head },
      ]) {
        const replica = await restarted({ withholding, withheld });
        expect(['img-r', 'img-s'].map((id) => replica.heldWithheld(id))).toEqual([true, false]);
      }
  });

  it('reports an error of the log other than an outage, and continues after it', async () => {
    const admin = new pg.Client(database.connection);
    await admin.connect();
    const stop = new AbortController();
    stops.push(stop);
    const replica = await new Promise<AccessReplica>((resolve, reject) => {
      const replica = new AccessReplica(store, new LogTail(store), { accounts: 10, error: () => resolve(replica) });
      replica
        .start(stop.signal, { enforcing: done(0) })
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
