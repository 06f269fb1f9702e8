import { systemClock, toIso, WEEK_MS } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';

/** Less than a clock jumps. */
const ALMOST_AN_HOUR_MS = 3_000_000;
const POLICY = 'policy-1';
const ids = timeOrderedIds(systemClock);

/** People that may be onboarded in a week, and how many of them were when that week was all but over. */
const PER_WEEK = 1_000_000;
export const ADMITTED_LONG_AGO = 900_000;
export const LONG_AGO = 'cohort-long-ago';

export const IN_GOOD_STANDING = 'known-ann';
export const SUSPENDED = 'known-ben';

/**
 * Two people of whom it is known how decisions about them must come out, one of them suspended, and a cohort of all but
 * seven days ago: a process whose clock is an hour ahead would take the suspension for over, and the week too.
 * @returns `until`, in epoch milliseconds, when both are
 */
export async function letInKnownPeople(store, client) {
  const until = systemClock.now() + ALMOST_AN_HOUR_MS;
  await given(client, 'POST', '/v1/policy', { version: POLICY });
  for (const accountId of [IN_GOOD_STANDING, SUSPENDED]) {
    const joined = { accountId, email: `${accountId}@example.org` };
    await given(client, 'POST', '/v1/events', cloudEvent('WaitlistJoined', joined), 'application/cloudevents+json');
    await given(client, 'POST', `/v1/accounts/${accountId}/policy-acceptance`, { version: POLICY });
  }
  const cohort = {
    cohortId: LONG_AGO,
    size: ADMITTED_LONG_AGO,
    selection: 'listed',
    accounts: [IN_GOOD_STANDING, SUSPENDED],
    perWeek: PER_WEEK,
    at: toIso(until - WEEK_MS),
  };
  await store.append([{ stream: 'rollout', expected: 'no-stream', events: [recorded('CohortAdmitted', cohort)] }]);
  await given(client, 'PUT', '/v1/rollout/rate', { perWeek: PER_WEEK });
  const suspension = { until: toIso(until), reason: 'crash-test' };
  await given(client, 'POST', `/v1/accounts/${SUSPENDED}/suspension`, suspension);
  return { until };
}

async function given(client, method, path, body, mediaType) {
  const { status, body: answer } = await client.insist(method, path, body, mediaType);
  if (status >= 300) throw new Error(`${method} ${path} was answered with ${status}: ${JSON.stringify(answer)}`);
}

const cloudEvent = (type, data) => ({ specversion: '1.0', id: ids.next(), source: '/crash-test', type, data });

const recorded = (type, data) => ({
  id: ids.next(),
  type,
  data,
  metadata: {
    source: '/gatehouse',
    subject: 'rollout',
    time: data.at,
    schemaversion: 1,
    correlationid: 'crash-test',
    actor: { kind: 'user', id: 'crash-test' },
  },
});
