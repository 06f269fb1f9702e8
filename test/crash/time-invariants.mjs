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

/** In no seven days were more admitted than the rate allowed, and each admission counts from when it was stored. */
export function capIsKept(log) {
  const findings = [];
  const admissions = log.filter(({ type }) => type === 'CohortAdmitted');
  for (const { data, recordedAt } of admissions) {
    const until = Date.parse(data.at);
    const inWindow = admissions.filter((one) => {
      const at = Date.parse(one.data.at);
      return at > until - WEEK_MS && at <= until;
    });
    const admitted = inWindow.reduce((sum, one) => sum + one.data.size, 0);
    if (admitted > data.perWeek)
      findings.push(`${admitted} people in the seven days until ${data.at}, with a rate of ${data.perWeek}`);
    if (data.cohortId !== LONG_AGO && Math.abs(until - Date.parse(recordedAt)) > SLACK_MS)
      findings.push(`${data.cohortId}, admitted at ${recordedAt}, counts from ${data.at}`);
  }
  return findings;
}
