import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, toIso, WEEK_MS } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';

/** Less than the jump of a clock. */
const ALMOST_AN_HOUR_MS = 3_000_000;
const ONBOARDING_MS = 60_000;
const RETRY_MS = 200;
const POLICY = 'policy-1';
const ids = timeOrderedIds(systemClock);

/** The rate per week, and the number of people onboarded almost a week ago. */
const PER_WEEK = 1_000_000;
export const PEOPLE_LONG_AGO = 900_000;
export const LONG_AGO = 'cohort-long-ago';

export const IN_GOOD_STANDING = 'known-ann';
export const SUSPENDED = 'known-ben';

/** May this account make an image now? */
export const question = (accountId) => ({
  subject: { type: 'account', id: accountId },
  action: { name: 'generate' },
  resource: { type: 'image', id: 'img-new' },
});

/**
 * Onboards two people with known decisions, one of them suspended, and a cohort of almost seven days ago: a process whose
 * clock is an hour ahead would consider the suspension and the week over.
 * @returns `until`, in epoch milliseconds, when both are over
 */
export async function onboardKnownPeople(store, client) {
  const until = systemClock.now() + ALMOST_AN_HOUR_MS;
  await store.append([{ stream: 'rollout', expected: 'no-stream', events: cohortOf(until - WEEK_MS) }]);
  await given(client, 'PUT', '/v1/rollout/rate', { perWeek: PER_WEEK });
  await given(client, 'POST', '/v1/policy', { version: POLICY });
  const accounts = [IN_GOOD_STANDING, SUSPENDED];
  for (const accountId of accounts) {
    const data = { accountId, email: `${accountId}@example.org` };
    const joined = { specversion: '1.0', id: ids.next(), source: '/crash-test', type: 'WaitlistJoined', data };
    await given(client, 'POST', '/v1/events', joined, 'application/cloudevents+json');
    await given(client, 'POST', `/v1/accounts/${accountId}/policy-acceptance`, { version: POLICY });
  }
  await given(client, 'POST', '/v1/cohorts', { cohortId: 'cohort-known', accounts });
  for (const accountId of accounts) await untilAllowed(client, accountId);
  await given(client, 'POST', `/v1/accounts/${SUSPENDED}/suspension`, { until: toIso(until), reason: 'crash-test' });
  return { until };
}

async function given(client, method, path, body, mediaType) {
  const { status, body: answer } = await client.insist(method, path, body, mediaType);
  if (status >= 300) throw new Error(`${method} ${path} was answered with ${status}: ${JSON.stringify(answer)}`);
}

async function untilAllowed(client, accountId) {
  for (const until = performance.now() + ONBOARDING_MS; ; await sleep(RETRY_MS)) {
    const { body } = await client.insist('POST', '/access/v1/evaluation', question(accountId));
    if (body.decision) return;
    if (performance.now() > until)
      throw new Error(`${accountId} was not allowed within ${ONBOARDING_MS} ms: ${body.context.reason}`);
  }
}

/** A cohort that is admitted and onboarded at once. @param at epoch milliseconds */
function cohortOf(at) {
  const time = toIso(at);
  const admitted = { cohortId: LONG_AGO, size: PEOPLE_LONG_AGO, selection: 'first-come', perWeek: PER_WEEK, at: time };
  const closed = { cohortId: LONG_AGO, people: PEOPLE_LONG_AGO, first: time, last: time };
  const metadata = {
    source: '/gatehouse',
    subject: 'rollout',
    time,
    schemaversion: 1,
    correlationid: 'crash-test',
    actor: { kind: 'user', id: 'crash-test' },
  };
  return [
    { id: ids.next(), type: 'CohortAdmitted', data: admitted, metadata },
    { id: ids.next(), type: 'CohortClosed', data: closed, metadata },
  ];
}
