import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, toIso, WEEK_MS } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';

/** Less than a clock jumps. */
const ALMOST_AN_HOUR_MS = 3_000_000;
const LET_IN_MS = 60_000;
const AGAIN_MS = 200;
const POLICY = 'policy-1';
const ids = timeOrderedIds(systemClock);

/** People that may be onboarded in a week, and how many of them were when that week was all but over. */
const PER_WEEK = 1_000_000;
export const LET_IN_LONG_AGO = 900_000;
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
 * Two people of whom it is known how decisions about them must come out, one of them suspended, and a cohort of all but
 * seven days ago: a process whose clock is an hour ahead would take the suspension for over, and the week too.
 * @returns `until`, in epoch milliseconds, when both are
 */
export async function letInKnownPeople(store, client) {
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
  for (const until = performance.now() + LET_IN_MS; ; await sleep(AGAIN_MS)) {
    const { body } = await client.insist('POST', '/access/v1/evaluation', question(accountId));
    if (body.decision) return;
    if (performance.now() > until) throw new Error(`${accountId} was not let in: ${body.context.reason}`);
  }
}

/** Admitted and let in at once. @param at epoch milliseconds */
function cohortOf(at) {
  const time = toIso(at);
  const admitted = { cohortId: LONG_AGO, size: LET_IN_LONG_AGO, selection: 'first-come', perWeek: PER_WEEK, at: time };
  const closed = { cohortId: LONG_AGO, people: LET_IN_LONG_AGO, first: time, last: time };
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
