import { toIso } from '../kernel/clock.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { type Case, isOurs } from './case.js';
import { type CaseFacts, type Conflict, conflictOf } from './conflict-of-interest.js';
import { refuseUnskilled } from './reviewer.js';

/* What every decision on a case refuses. Each throws a NotFound or a Refusal. */

/** @throws NotFound case-unknown */
export function refuseUnknown(state: Case, caseId: string): void {
  if (state.status === 'none') throw unknown(caseId);
}

const unknown = (caseId: string): NotFound =>
  new NotFound(
    'case-unknown',
    `there is no case ${caseId}; check the id, or flag the image: a case has the id of its image`,
  );

/** Golden cases exist for our own reviewers only. @throws NotFound case-unknown */
export function refuseGoldenFromOutside({ origin }: Case, caseId: string): void {
  if (origin === 'golden') throw unknown(caseId);
}

/**
 * A flag that can't be processed may be one that opens the case, or the reviewer's own.
 * @throws NotFound case-unknown; Refusal case-parked
 */
export function refuseIncomplete(state: Case, caseId: string, { isCaseParked }: CaseFacts): void {
  if (isCaseParked && state.status !== 'confirmed') {
    throw new Refusal(
      'case-parked',
      `a flag of image ${caseId} can't be processed: GET /v1/views shows the parked keys of case-opening with their errors; fix the cause, then try again`,
    );
  }
  refuseUnknown(state, caseId);
}

const CONFLICT_MESSAGES: Record<Conflict, (reviewer: string, caseId: string) => string> = {
  'own-flag': (reviewer, caseId) => `${reviewer} flagged the image of case ${caseId}; somebody else has to review it`,
  'own-image': (reviewer, caseId) => `the image of case ${caseId} is ${reviewer}'s own; somebody else has to review it`,
  'linked-account': (reviewer, caseId) =>
    `${reviewer} is linked to the account of the image of case ${caseId}; somebody else has to review it`,
  'own-decision': (reviewer, caseId) =>
    `${reviewer} took part in confirming case ${caseId}, which is judged again; somebody else has to review it`,
};

/** @throws Refusal image-parked, own-flag, own-image, linked-account, own-decision */
export function refuseConflict(state: Case, caseId: string, reviewer: string, facts: CaseFacts): void {
  if (facts.isParked) {
    throw new Refusal(
      'image-parked',
      `the owner of image ${state.imageId} is uncertain since the images view left out an event of it; rebuild that view`,
    );
  }
  const conflict = conflictOf(state, reviewer, facts);
  if (conflict) throw new Refusal(conflict, CONFLICT_MESSAGES[conflict](reviewer, caseId));
}

/** @throws Refusal skill-needed */
export function refuseUnable(reviewer: string, { needs }: CaseFacts): void {
  const one = needs?.reviewers.get(reviewer);
  if (needs && one) refuseUnskilled(one, reviewer, needs.queue);
}

/** @throws Refusal case-not-open */
export function refuseClosed({ status }: Case, caseId: string): void {
  if (status === 'open') return;
  throw new Refusal('case-not-open', `case ${caseId} is closed (${status}); choose an open one`);
}

/** What a lead may not do to a golden case. @throws Refusal golden-case */
export function refuseGolden({ origin }: Case, caseId: string): void {
  if (origin !== 'golden') return;
  throw new Refusal(
    'golden-case',
    `case ${caseId} is golden, so only reviewers’ verdicts end it: leave it to them, or retire the golden case`,
  );
}

/** Any label is a clause of a policy without clauses. @throws Refusal clause-unknown */
export function refuseUnknownClause(clause: string | undefined, { clauses }: Pick<CaseFacts, 'clauses'>): void {
  if (clause === undefined || !clauses || clauses.size === 0 || clauses.has(clause)) return;
  throw new Refusal(
    'clause-unknown',
    `the content policy in force has no clause ${clause}: GET /v1/policy lists its clauses`,
    { clauses: [...clauses] },
  );
}

/** @throws Refusal already-reviewed */
export function refuseVoted({ verdicts }: Case, caseId: string, reviewer: string): void {
  if (!verdicts.some((one) => isOurs(one, reviewer))) return;
  throw new Refusal('already-reviewed', `${reviewer} has given a verdict on case ${caseId}; choose another case`);
}

/**
 * Refuses all but the reviewer of the last claim. Its lease may have ended, as long as nobody else has claimed the case.
 * @param token the fencing token that the claim was answered with
 * @throws Refusal claim-lost
 */
export function refuseWithoutClaim(
  { claim, reserved }: Case,
  { caseId, reviewer, token }: { caseId: string; reviewer: string; token: number },
): void {
  if (claim?.reviewer === reviewer && claim.token === token) return;
  if (!claim && reserved?.reviewer === reviewer) {
    // Holding a case ends the claim on it.
    throw new Refusal(
      'claim-lost',
      `case ${caseId} is kept for ${reviewer}, who has not claimed it: claim it again first`,
    );
  }
  const now =
    claim === undefined
      ? 'nobody has claimed it'
      : claim.reviewer === reviewer
        ? `your claim has the token ${claim.token}`
        : `another reviewer has claimed it until ${toIso(claim.until)}`;
  throw new Refusal(
    'claim-lost',
    `${reviewer} does not hold a claim with token ${token} on case ${caseId}: ${now}; claim a case first`,
  );
}
