import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SilentDatabase, silentDatabase } from '../../../test/support/silent-database.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { newEvent } from '../../event-store/event-store.contract.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { systemClock } from '../../kernel/clock.js';
import { AccessReplica } from './access-replica.js';
import { DecisionPoint } from './decision-point.js';
import { readEvaluation } from './evaluation-request.js';

const STALENESS_MS = 1_000;
const STALE = { decision: false, reason: 'decision-point-stale' };
const ALLOWED = { decision: true };

const asked = (action: string) =>
  readEvaluation({
    subject: { type: 'account', id: 'ann' },
    action: { name: action },
    resource: { type: 'image', id: 'img' },
  });

describe('the decision point of a log that falls silent', () => {
  let database: TestDatabase;
  let silent: SilentDatabase;
  let store: PostgresEventStore;
  let replica: AccessReplica;
  const stop = new AbortController();

  beforeAll(async () => {
    database = await createTestDatabase();
    silent = await silentDatabase(database.connection);
    store = new PostgresEventStore(silent.connection);
    const ann = [
      newEvent('WaitlistJoined', { accountId: 'ann' }),
      newEvent('AccountOnboarded', { accountId: 'ann', cohortId: 'c' }),
      newEvent('PolicyAccepted', { accountId: 'ann', version: '1' }),
    ];
    await store.append([
      { stream: 'policy', expected: 'no-stream', events: [newEvent('ContentPolicyPublished', { version: '1' })] },
      { stream: 'account-ann', expected: 'no-stream', events: ann },
    ]);
    replica = new AccessReplica(store, { accounts: 10 });
    await replica.start(stop.signal, 0);
  });
  afterAll(async () => {
    stop.abort();
    silent.speak();
    await store.close();
    await silent.close();
    await database.drop();
  });

  const untilAge = async (reached: (ageMs: number) => boolean) => {
    while (!reached(replica.ageMs)) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('answers from memory within the bound, denies past it, and allows again by itself once the log speaks', async () => {
    const point = new DecisionPoint(replica, store, systemClock, async () => undefined, {
      stalenessMs: STALENESS_MS,
      waitMs: 100,
    });
    await untilAge((ageMs) => ageMs < STALENESS_MS / 2);
    expect(await point.evaluate(asked('generate'))).toEqual(ALLOWED);
    silent.fallSilent();
    expect(await point.evaluate(asked('generate'))).toEqual(ALLOWED);
    await untilAge((ageMs) => ageMs > STALENESS_MS);
    expect(await point.evaluate(asked('generate'))).toEqual(STALE);
    silent.speak();
    await untilAge((ageMs) => ageMs < STALENESS_MS / 2);
    expect(await point.evaluate(asked('generate'))).toEqual(ALLOWED);
  });

  it('denies what it began to decide within the bound and could only finish past it', async () => {
    const point = new DecisionPoint(
      replica,
      store,
      systemClock,
      async () => {
        silent.fallSilent();
        await untilAge((ageMs) => ageMs > STALENESS_MS);
        return { photorealistic: false, faces: false };
      },
      { stalenessMs: STALENESS_MS, waitMs: 100 },
    );
    await untilAge((ageMs) => ageMs < STALENESS_MS / 2);
    expect(await point.evaluate(asked('share'))).toEqual(STALE);
    silent.speak();
  });
});
