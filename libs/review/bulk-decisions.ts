import { Refusal } from '../kernel/errors.js';
import type { BulkJob } from './bulk-job.js';
import type { Case } from './case.js';
import { type CaseFacts, ownerOf } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { refuseConflict, refuseIncomplete } from './refusals.js';
import { moveCase, type RoutingFacts } from './routing.js';
import { confirmed, flagged, tally } from './verdict-decisions.js';

export interface HandleInBulk {
  caseId: string;
  /** The lead who started the job. */
  by: string;
  job: Pick<BulkJob, 'action' | 'clause' | 'toQueue'>;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * What a bulk job does to one case, as its lead could. A no-op for a closed case. It overrules nobody: a case that somebody is
 * reviewing or has judged, or that several have to decide, refuses.
 * @throws NotFound case-unknown, queue-unknown
 * @throws Refusal case-parked, image-parked, own-flag, own-image, linked-account, case-claimed, already-reviewed,
 * panel-too-small, image-owner-unknown
 */
export function handleInBulk(
  state: Case,
  { caseId, by, job, now }: HandleInBulk,
  facts: CaseFacts & RoutingFacts,
): CaseEvent[] {
  refuseIncomplete(state, caseId, facts);
  if (state.status !== 'open') return [];
  if (state.claim && now < state.claim.until)
    throw new Refusal('case-claimed', `case ${caseId} is claimed: wait until its reviewer has judged it`);
  if (job.action === 'requeue') return moveCase(state, { caseId, by, isLead: true, queue: job.toQueue! }, facts);
  refuseConflict(state, caseId, by, facts);
  if (state.verdicts.length > 0)
    throw new Refusal('already-reviewed', `case ${caseId} has verdicts, which a bulk job does not overrule`);
  if (state.panelSize > 1)
    throw new Refusal('panel-too-small', `case ${caseId} is decided by ${state.panelSize} reviewers, not by one lead`);
  const accountId = ownerOf(state, facts);
  if (job.action === 'confirm') {
    const votes = { ...tally([]), unsafe: 1 };
    const decision = { categories: flagged(state), clause: job.clause, votes, reviewers: [by] };
    return [confirmed(state, caseId, accountId, decision)];
  }
  const { imageId, round } = state;
  const votes = { ...tally([]), safe: 1 };
  const owner = accountId === undefined ? {} : { accountId };
  return [{ type: 'ReviewDismissed', data: { caseId, imageId, ...owner, categories: flagged(state), votes, round } }];
}
