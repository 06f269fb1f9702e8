import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessReplica } from '../../libs/access/decision-point/access-replica.js';
import { DecisionPoint } from '../../libs/access/decision-point/decision-point.js';
import { readEvaluation } from '../../libs/access/decision-point/evaluation-request.js';
import { type AccountStream, accountStandingOf, accountStream } from '../../libs/account/index.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { defineEvent } from '../../libs/events/event-definition.js';
import { EntityId, eventData } from '../../libs/events/schemas.js';
import { systemClock } from '../../libs/kernel/clock.js';
import { deactivationsOf } from '../../libs/safety/index.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import { waitlistEntriesOf } from '../../libs/waitlist/index.js';
import { currentCases } from '../support/current-cases.js';
import { foldView, recorded } from '../support/fold-view.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

const AccountBanned = defineEvent({
  type: 'AccountBanned',
  version: 1,
  summary: 'An account lost its access under a rule that nobody has written yet.',
  schema: eventData({ accountId: EntityId('The account.') }),
  example: { accountId: 'ann' },
});

/** The account's stream of a release with one more event, which changed nothing but the fold. */
const withBan = {
  ...accountStream,
  events: [...accountStream.events, AccountBanned],
  evolve: (state, event, place) =>
    (event.type as string) === AccountBanned.type
      ? { ...state, deactivated: true }
      : accountStream.evolve(state, event, place),
} as AccountStream;

/** No answer of the spec may depend on how fast the machine is: Jest ends what hangs. */
const NEVER_MS = 2 ** 31 - 1;
const EPOCH = { current: '9c1f03ab55d2' };
const data = { accountId: 'ann' };

describe('a new event of the account’s stream', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  const stop = new AbortController();

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore(database.connection);
    const ann = [
      newEvent('WaitlistJoined', data),
      newEvent('AccountOnboarded', { ...data, cohortId: 'c' }),
      newEvent('PolicyAccepted', { ...data, version: '1' }),
    ];
    await store.append([
      { stream: 'policy', expected: 'no-stream', events: [newEvent('ContentPolicyPublished', { version: '1' })] },
      { stream: 'account-ann', expected: 'no-stream', events: ann },
    ]);
  });
  afterAll(async () => {
    stop.abort();
    await store.close();
    await database.drop();
  });

  async function gate(): Promise<(minPosition: number) => Promise<unknown>> {
    const replica = new AccessReplica(store, new LogTail(store), { accounts: 10 }, withBan);
    await replica.start(stop.signal, { enforcing: { position: await store.head(), parked: [] } });
    await until(() => Number.isFinite(replica.ageMs));
    const options = { stalenessMs: NEVER_MS, waitMs: NEVER_MS };
    const image = async () => ({ facts: undefined, asOf: Number.MAX_SAFE_INTEGER, isParked: false });
    const cases = currentCases(store, database.connection);
    const point = new DecisionPoint(replica, store, cases, systemClock, image, EPOCH, options);
    return async (minPosition) => {
      const subject = { type: 'account', id: 'ann' };
      const resource = { type: 'image', id: 'img' };
      const evaluation = { subject, action: { name: 'generate' }, resource, context: { minPosition } };
      return point.evaluate(readEvaluation(evaluation, EPOCH.current));
    };
  }

  it('denies access, whether the account is in memory or read from its stream', async () => {
    const running = await gate();
    expect(await running(0)).toEqual({ decision: true });
    const [ban] = await store.append([
      { stream: 'account-ann', expected: 'any', events: [newEvent(AccountBanned.type, data)] },
    ]);
    const { position } = ban as { position: number };
    const denied = { decision: false, reason: 'account-deactivated' };
    expect(await running(position)).toEqual(denied);
    expect(await (await gate())(position)).toEqual(denied);
  });

  const history = [recorded(1, 'WaitlistJoined', data), recorded(2, AccountBanned.type, data)];

  it('changes the account’s own read model', () => {
    expect(foldView(accountStandingOf(withBan), history).rows.ann).toMatchObject({
      deactivated: true,
      deactivated_at: Date.parse(history[1]!.metadata.time),
    });
  });

  it('bars a waiting account', () => {
    expect(foldView(waitlistEntriesOf(withBan), history).rows.ann).toMatchObject({ status: 'barred', position: 2 });
  });

  it('fails in a view of metrics without a case for it', () => {
    expect(() => foldView(deactivationsOf(withBan), history)).toThrow('AccountBanned');
  });
});
