import { WEEK_MS } from '../../dist/libs/kernel/clock.js';
import { LONG_AGO } from './known-people.mjs';

/** The default of GATEHOUSE_CLAIM_LEASE_MS. */
const LEASE_MS = 300_000;
/** Maximum time from a decision until it is stored, including an outage; less than the jump of a clock. */
const SLACK_MS = 600_000;

/** No case is claimed before another reviewer's lease has ended, by the times at which both claims were stored. */
export function claimsAreGrantedOnce(log) {
  const findings = [];
  const claims = new Map();
  for (const { type, data, recordedAt } of log) {
    if (!data.caseId) continue;
    const claim = claims.get(data.caseId);
    const at = Date.parse(recordedAt);
    if (type === 'CaseClaimed') {
      if (claim && claim.reviewer !== data.reviewer && at < claim.until)
        findings.push(`${data.caseId} was claimed by ${data.reviewer} while ${claim.reviewer} had it`);
      const until = Date.parse(data.until);
      if (Math.abs(until - at - LEASE_MS) > SLACK_MS)
        findings.push(`the claim on ${data.caseId} of ${recordedAt} is until ${data.until}`);
      claims.set(data.caseId, { reviewer: data.reviewer, until });
    } else if (type !== 'CaseJoined' && (!data.reviewer || claim?.reviewer === data.reviewer))
      claims.delete(data.caseId);
  }
  return findings;
}

/**
 * A cohort's people, those admitted but not onboarded, and those onboarded less than seven days before are together at
 * most the rate; and no cohort onboards more people than were admitted.
 */
export function capIsKept(log) {
  const findings = [];
  const cohorts = new Map();
  for (const { type, data, recordedAt } of log) {
    if (type === 'CohortAdmitted') {
      const from = Date.parse(data.at) - WEEK_MS;
      const others = [...cohorts.values()].filter(({ last }) => last === undefined || last > from);
      const people = others.reduce((sum, one) => sum + one.people, data.size);
      if (people > data.perWeek)
        findings.push(`${people} people with ${data.cohortId}, with a rate of ${data.perWeek}`);
      findings.push(...misdated(data.cohortId, recordedAt, data.at));
      cohorts.set(data.cohortId, { people: data.size });
    } else if (type === 'CohortClosed') {
      const { people: admitted } = cohorts.get(data.cohortId);
      if (data.people > admitted)
        findings.push(`${data.cohortId} onboarded ${data.people} people instead of ${admitted}`);
      findings.push(...misdated(data.cohortId, recordedAt, data.last ?? recordedAt));
      cohorts.set(data.cohortId, { people: data.people, last: Date.parse(data.last ?? recordedAt) });
    }
  }
  return findings;
}

function misdated(cohortId, recordedAt, time) {
  if (cohortId === LONG_AGO || Math.abs(Date.parse(time) - Date.parse(recordedAt)) < SLACK_MS) return [];
  return [`${cohortId}, stored at ${recordedAt}, counts from ${time}`];
}
