import { WEEK_MS } from '../../dist/libs/kernel/clock.js';
import { LONG_AGO } from './known-people.mjs';

/** What GATEHOUSE_CLAIM_LEASE_MS is by default. */
const LEASE_MS = 900_000;
/** From a decision until it is stored, with the store away in between; a clock that jumped is further off. */
const SLACK_MS = 600_000;

/** No case is claimed while another reviewer's claim is in force, by the time at which the log stored both. */
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
 * A cohort is admitted where those admitted and not yet in, those that came in less than seven days before, and its own
 * people are no more than the rate allows; it lets in no more than it was admitted with.
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
      if (data.people > admitted) findings.push(`${data.cohortId} let ${data.people} in instead of ${admitted}`);
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
