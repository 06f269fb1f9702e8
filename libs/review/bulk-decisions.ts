import { toIso } from '../kernel/clock.js';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import type { BulkJob } from './bulk-job.js';
import type { Case } from './case.js';
import { type CaseFacts, ownerOf } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { DEFAULT_QUEUE } from './queue-rules.js';
import { refuseConflict, refuseGolden, refuseIncomplete, refuseUnknownClause } from './refusals.js';
import { moveCase, type RoutingFacts } from './routing.js';
import { confirmed, flagged, tally } from './verdict-decisions.js';

export interface HandleInBulk {
  caseId: string;
  /** The lead who started the job. */
  by: string;
  job: Pick<BulkJob, 'jobId' | 'action' | 'clause' | 'toQueue' | 'filter'>;
  /** When the job was started, in epoch milliseconds, and the position of that. */
  startedAt: number;
  position: Position;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * What a bulk job does to one case, as its lead could. A no-op for a closed case. A case refuses that the lead did not choose:
 * it no longer meets the filter, or got a flag since the job was started. So does one that somebody is reviewing, has judged
 * or is to have, or that several have to decide.
 * @throws NotFound case-unknown, queue-unknown
 * @throws Refusal case-parked, golden-case, image-parked, own-flag, own-image, linked-account, case-claimed, case-reserved, case-changed,
 * already-reviewed, case-reopened, panel-too-small, second-review-needed, clause-unknown, image-owner-unknown
 */
export function handleInBulk(
  state: Case,
  { caseId, by, job, startedAt, position, now }: HandleInBulk,
  facts: CaseFacts & RoutingFacts,
): CaseEvent[] {
  refuseIncomplete(state, caseId, facts);
  if (state.status !== 'open') return [];
  refuseGolden(state, caseId);
  refuseBusy(state, caseId, now);
  if (state.openedAt > startedAt || !meets(state, job.filter, facts))
    throw new Refusal('case-changed', `case ${caseId} no longer meets the filter of the job: review it by itself`);
  const { jobId } = job;
  if (job.action === 'requeue') return moveCase(state, { caseId, by, isLead: true, queue: job.toQueue!, jobId }, facts);
  refuseConflict(state, caseId, by, facts);
  refuseSeveral(state, caseId, job, facts);
  if (state.grewAt > position)
    throw new Refusal('case-changed', `case ${caseId} got a flag after the job was started: review it by itself`);
  const accountId = ownerOf(state, facts);
  if (job.action === 'confirm') {
    refuseUnknownClause(job.clause, facts);
    const votes = { ...tally([]), unsafe: 1 };
    const decision = { categories: flagged(state), clause: job.clause, votes, reviewers: [by] };
    return [confirmedInBulk(confirmed(state, caseId, accountId, decision), jobId)];
  }
  const { imageId, round } = state;
  const votes = { ...tally([]), safe: 1 };
  const owner = accountId === undefined ? {} : { accountId };
  const dismissed = { caseId, imageId, ...owner, categories: flagged(state), votes, round, jobId };
  return [{ type: 'ReviewDismissed', data: dismissed }];
}

/** No bulk job confirms what is confirmed already. */
const confirmedInBulk = (event: ReturnType<typeof confirmed>, jobId: string): CaseEvent =>
  event.type === 'ReviewConfirmed' ? { ...event, data: { ...event.data, jobId } } : event;

/** As the view of cases found it. The image's own record says whose it is. */
function meets(state: Case, filter: BulkJob['filter'], facts: CaseFacts): boolean {
  const { queue, category, account, openedBefore, openedAfter } = filter;
  return (
    (queue === undefined || (state.route?.queue ?? DEFAULT_QUEUE) === queue) &&
    (category === undefined || (state.origin !== 'sample' && state.categories.has(category))) &&
    (account === undefined || ownerOf(state, facts) === account) &&
    (openedBefore === undefined || state.openedAt < Date.parse(openedBefore)) &&
    (openedAfter === undefined || state.openedAt > Date.parse(openedAfter))
  );
}

/** @throws Refusal case-claimed, case-reserved */
function refuseBusy({ claim, reserved }: Case, caseId: string, now: number): void {
  if (claim && now < claim.until)
    throw new Refusal('case-claimed', `case ${caseId} is claimed: wait until its reviewer has judged it`);
  if (reserved && now < reserved.until)
    throw new Refusal(
      'case-reserved',
      `case ${caseId} is kept for ${reserved.reviewer} until ${toIso(reserved.until)}: wait until they have judged it`,
    );
}

/** @throws Refusal already-reviewed, case-reopened, panel-too-small, second-review-needed */
function refuseSeveral(
  { verdicts, panelSize, verdictsNeeded, inForce }: Case,
  caseId: string,
  { action }: Pick<BulkJob, 'action'>,
  { rules, furtherReview }: CaseFacts & RoutingFacts,
): void {
  if (verdicts.length > 0)
    throw new Refusal('already-reviewed', `case ${caseId} has verdicts, which a bulk job does not overrule`);
  if (inForce)
    throw new Refusal(
      'case-reopened',
      `case ${caseId} is confirmed, and was reopened to be judged again: judge it by itself`,
    );
  if (panelSize > 1)
    throw new Refusal('panel-too-small', `case ${caseId} is decided by ${panelSize} reviewers, not by one lead`);
  const isSampled = furtherReview?.isSampled ?? false;
  if (verdictsNeeded > 0 || isSampled || (action === 'confirm' && rules.sampling.secondReviewOfDeactivations))
    throw new Refusal('second-review-needed', `case ${caseId} needs a second review: judge it by itself`);
}
