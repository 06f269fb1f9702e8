import { PostgresEventStore } from '../../dist/libs/event-store/postgres/postgres-event-store.js';
import { systemClock, toIso } from '../../dist/libs/kernel/clock.js';
import { randomNonces, timeOrderedIds } from '../../dist/libs/kernel/ids.js';
import { stored } from './image-traffic.mjs';
import { inFlight } from './measure.mjs';

const POLICY = '2022-05-18';
const ACTOR = { kind: 'process', id: 'bench' };
const ID_DIGITS = 9;
const WRITES = 250;
const COHORT = 1_000;
const FACTS = 500;
const LANES = 4;
const ids = timeOrderedIds(systemClock);

export const memberId = (number) => `member-${String(number).padStart(ID_DIGITS, '0')}`;

export const event = (subject, type, data) => {
  const id = ids.next();
  const metadata = {
    source: '/gatehouse',
    subject,
    time: toIso(systemClock.now()),
    schemaversion: 1,
    correlationid: id,
    actor: ACTOR,
  };
  return { id, type, data, metadata };
};

/** Onboarded accounts that accepted the policy in force, appended straight to the log. */
export async function loadMembers(connection, count) {
  const store = new PostgresEventStore(connection, undefined, randomNonces());
  const published = event('policy', 'ContentPolicyPublished', { version: POLICY });
  await append(store, [{ stream: 'policy', expected: 'no-stream', events: [published] }]);
  await inFlight(Math.ceil(count / WRITES), 3, async (chunk) => {
    const numbers = Array.from({ length: Math.min(WRITES, count - chunk * WRITES) }, (_, n) => chunk * WRITES + n);
    await append(store, numbers.map(memberOf));
  });
  await store.close();
}

function memberOf(number) {
  const accountId = memberId(number);
  const stream = `account-${accountId}`;
  const cohortId = `cohort-${Math.floor(number / COHORT)}`;
  const events = [
    event(stream, 'PolicyAccepted', { accountId, version: POLICY }),
    event(stream, 'AccountOnboarded', { accountId, cohortId }),
  ];
  return { stream, expected: 'no-stream', events };
}

/** People who wait, appended straight to the log; their addresses are not those of anybody, and are not encrypted. */
export async function loadWaiting(connection, count) {
  const store = new PostgresEventStore(connection, undefined, randomNonces());
  await inFlight(Math.ceil(count / WRITES), 3, async (chunk) => {
    const numbers = Array.from({ length: Math.min(WRITES, count - chunk * WRITES) }, (_, n) => chunk * WRITES + n);
    await append(
      store,
      numbers.map((number) => {
        const accountId = memberId(number);
        const stream = `account-${accountId}`;
        const joined = { accountId, email: `${accountId}@example.org`, priority: 5 };
        return { stream, expected: 'no-stream', events: [event(stream, 'WaitlistJoined', joined)] };
      }),
    );
  });
  await store.close();
}

/** Everybody who was invited with a batch accepts, appended straight to the log. */
export async function acceptAll(connection, batchId) {
  const store = new PostgresEventStore(connection, undefined, randomNonces());
  const chosen = await store.readStream(`invitations-${batchId}`);
  for (const { data } of chosen) {
    const accepted = (accountId) => {
      const stream = `account-${accountId}`;
      return { stream, expected: 1, events: [event(stream, 'InvitationAccepted', { accountId, batchId })] };
    };
    for (let from = 0; from < data.accounts.length; from += WRITES)
      await append(store, data.accounts.slice(from, from + WRITES).map(accepted));
  }
  await store.close();
}

/** Appends the facts of a traffic straight to the log, on their own lanes. */
export async function loadFacts(connection, traffic, count) {
  const store = new PostgresEventStore(connection, undefined, randomNonces());
  let left = count;
  await inFlight(LANES, LANES, async (lane) => {
    let expected = 'no-stream';
    while (left > 0) {
      const events = stored(traffic.take(Math.min(FACTS, left)));
      left -= events.length;
      const [{ revision }] = await append(store, [{ stream: `facts-loaded${lane}`, expected, events }]);
      expected = revision;
    }
  });
  await store.close();
}

async function append(store, writes) {
  const results = await store.append(writes);
  const refused = results.find(({ outcome }) => outcome !== 'appended');
  if (refused) throw new Error(`loading: ${JSON.stringify(refused)}`);
  return results;
}
