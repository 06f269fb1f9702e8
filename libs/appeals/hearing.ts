import type { Order } from '../enforcement/index.js';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import { type Appeal, isUndone, type Outcome, refuseUnknown } from './appeal.js';
import { type AppealConflict, CONFLICT_MESSAGES } from './conflict.js';
import type { AppealEvent } from './events.js';

/** What else is stored about the appeal and the reviewer who wants to hear it. */
export interface HearingFacts {
  /** Why they may not. */
  conflict?: AppealConflict | undefined;
  /** What was ordered. */
  order: Order;
  /** Whether the case is being judged again. */
  isReopened?: boolean | undefined;
  /** The last round of the case that confirmed it. */
  round?: number | undefined;
  /** The round that confirmed it first; undefined if that was undone. */
  since?: number | undefined;
  /** The clauses of the content policy in force; empty if it has none. */
  clauses: readonly string[];
}

/** How long an appeal waits for the person it was handed over to, before others may claim it. */
const HANDOVER_MS = DAY_MS;

export interface Hearing {
  appealId: string;
  reviewer: string;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * A no-op while more than half of the reviewer's own lease is left, which is renewed after that.
 * @throws NotFound appeal-unknown
 * @throws Refusal appeal-decided, appeal-reserved, appeal-claimed, and the conflicts of interest
 */
export function claimAppeal(
  state: Appeal,
  { appealId, reviewer, now, leaseMs }: Hearing & { leaseMs: number },
  facts: Pick<HearingFacts, 'conflict'>,
): AppealEvent[] {
  refuseUnknown(state, appealId);
  refuseDecided(state, appealId);
  refuseConflict(state, appealId, reviewer, facts);
  refuseReserved(state, appealId, reviewer, now);
  refuseClaimed(state, appealId, reviewer, now);
  const isOwn = state.claim?.reviewer === reviewer;
  if (isOwn && state.claim!.until - now > leaseMs / 2) return [];
  const token = isOwn ? state.claim!.token : state.claims + 1;
  return [{ type: 'AppealClaimed', data: { appealId, reviewer, until: toIso(now + leaseMs), token } }];
}

/** What a reviewer does with a claim, whose fencing token they name. */
export type UseOfClaim = Hearing & { token: number };

/**
 * Extends the lease, also if it has ended and nobody else has claimed the appeal. A no-op while more than half of it is left.
 * @throws NotFound appeal-unknown; Refusal appeal-decided, claim-lost
 */
export function renewAppealClaim(state: Appeal, use: UseOfClaim & { leaseMs: number }): AppealEvent[] {
  const { appealId, reviewer, token, now, leaseMs } = use;
  refuseUnknown(state, appealId);
  refuseDecided(state, appealId);
  refuseWithoutClaim(state, use);
  if (state.claim!.until - now > leaseMs / 2) return [];
  return [{ type: 'AppealClaimed', data: { appealId, reviewer, until: toIso(now + leaseMs), token } }];
}

/** A no-op unless the reviewer holds the claim with this token. @throws NotFound appeal-unknown */
export function releaseAppeal(state: Appeal, { appealId, reviewer, token }: Omit<UseOfClaim, 'now'>): AppealEvent[] {
  refuseUnknown(state, appealId);
  const { claim } = state;
  if (claim?.reviewer !== reviewer || claim.token !== token) return [];
  return [{ type: 'AppealReleased', data: { appealId, reviewer } }];
}

export interface HandOverAppeal {
  appealId: string;
  /** Who hands it over, with the token of their claim; a lead needs none. */
  by: string;
  token?: number | undefined;
  isLead: boolean;
  to: string;
  /** Epoch milliseconds. */
  now: number;
  reason?: string | undefined;
}

/**
 * Keeps an appeal for a person who is to hear it, and ends the claim on it. A no-op if it is kept for them or claimed by them.
 * @param facts about that person; `isHearer` is whether they can hear appeals at all
 * @throws NotFound appeal-unknown, hearer-unknown; InvalidInput
 * @throws Refusal appeal-decided, claim-lost, and the conflicts of interest
 */
export function handOverAppeal(
  state: Appeal,
  handOver: HandOverAppeal,
  facts: Pick<HearingFacts, 'conflict'> & { isHearer: boolean },
): AppealEvent[] {
  const { appealId, by, token, isLead, to, now, reason } = handOver;
  refuseUnknown(state, appealId);
  refuseDecided(state, appealId);
  const { claim, reserved } = state;
  // Repeated after the claim of who handed it over ended with the first.
  if (reserved?.reviewer === to && now < reserved.until) return [];
  if (!isLead || token !== undefined) refuseWithoutClaim(state, { appealId, reviewer: by, token: token ?? 0 });
  if (to === by && !isLead)
    throw new InvalidInput([{ field: '/reviewer', message: 'is yourself: name another person' }]);
  if (claim?.reviewer === to && now < claim.until) return [];
  if (!facts.isHearer) {
    throw new NotFound(
      'hearer-unknown',
      `nobody named ${to} has a token of a role that hears appeals: GET /v1/appeals/${appealId} lists to leads who has`,
    );
  }
  refuseConflict(state, appealId, to, facts);
  const until = toIso(now + HANDOVER_MS);
  return [
    {
      type: 'AppealHandedOver',
      data: { appealId, by, reviewer: to, until, ...(reason !== undefined && { reason }) },
    },
  ];
}

export interface DecideAppeal extends UseOfClaim {
  outcome: Outcome;
  /** For `partly-granted` only. */
  clause?: string | undefined;
  reason: string;
}

const EVENTS = {
  granted: 'AppealGranted',
  'partly-granted': 'AppealPartlyGranted',
  denied: 'AppealDenied',
} as const;

/**
 * Of two people who work on one appeal, only the one whose claim it is can decide it. A no-op if they have decided it so.
 * @throws NotFound appeal-unknown; InvalidInput
 * @throws Refusal appeal-decided, claim-lost, clause-unknown, decision-undone, case-reopened, and the conflicts of interest
 */
export function decideAppeal(state: Appeal, decision: DecideAppeal, facts: HearingFacts): AppealEvent[] {
  const { appealId, reviewer, outcome, clause, reason } = decision;
  refuseUnknown(state, appealId);
  if (state.status === outcome && state.clause === clause && state.deciders.at(-1) === reviewer) return [];
  refuseDecided(state, appealId);
  refuseConflict(state, appealId, reviewer, facts);
  refuseWithoutClaim(state, decision);
  refuseClause(outcome, clause, facts);
  if (isUndone(state, facts.since)) {
    throw new Refusal(
      'decision-undone',
      `what appeal ${appealId} is against was undone since: it lapses in a moment, and nothing is left to decide; choose an open one`,
    );
  }
  // Filed while a lead reopened the case.
  if (facts.isReopened) {
    throw new Refusal(
      'case-reopened',
      `the case of appeal ${appealId} is judged again: decide the appeal once its new round is decided`,
    );
  }
  const { number, accountId, caseId, order } = state;
  const { imageId } = facts.order;
  const data = {
    ...{ appealId, number, accountId },
    ...(caseId !== undefined && { caseId }),
    ...(imageId !== undefined && { imageId }),
    ...(facts.round !== undefined && { round: facts.round }),
    ...{ order, reviewer, reason },
  };
  if (outcome === 'partly-granted') return [{ type: EVENTS[outcome], data: { ...data, clause: clause! } }];
  return [{ type: EVENTS[outcome], data }];
}

function refuseDecided({ status }: Appeal, appealId: string): void {
  if (status === 'open') return;
  throw new Refusal('appeal-decided', `appeal ${appealId} is decided (${status}); choose an open one`);
}

/** Who has decided or filed an appeal against the same enforcement has taken part. */
function refuseConflict(
  { deciders, filers }: Appeal,
  appealId: string,
  reviewer: string,
  { conflict }: Pick<HearingFacts, 'conflict'>,
): void {
  const found = deciders.includes(reviewer) || filers.includes(reviewer) ? 'took-part' : conflict;
  if (found) throw new Refusal(found, CONFLICT_MESSAGES[found](reviewer, appealId));
}

function refuseReserved({ reserved }: Appeal, appealId: string, reviewer: string, now: number): void {
  if (!reserved || reserved.reviewer === reviewer || now >= reserved.until) return;
  const until = toIso(reserved.until);
  throw new Refusal(
    'appeal-reserved',
    `appeal ${appealId} is kept for another reviewer until ${until}: claim another one, or the next one that is due`,
    { until },
  );
}

function refuseClaimed({ claim }: Appeal, appealId: string, reviewer: string, now: number): void {
  if (!claim || claim.reviewer === reviewer || now >= claim.until) return;
  const until = toIso(claim.until);
  throw new Refusal(
    'appeal-claimed',
    `appeal ${appealId} is claimed by another reviewer until ${until}: claim another one, or the next one that is due`,
    { until },
  );
}

/** The lease may have ended, as long as nobody else has claimed the appeal. */
function refuseWithoutClaim({ claim }: Appeal, { appealId, reviewer, token }: Omit<UseOfClaim, 'now'>): void {
  if (claim?.reviewer === reviewer && claim.token === token) return;
  const now =
    claim === undefined
      ? 'nobody has claimed it'
      : claim.reviewer === reviewer
        ? `your claim has the token ${claim.token}`
        : `another reviewer has claimed it until ${toIso(claim.until)}`;
  throw new Refusal(
    'claim-lost',
    `${reviewer} does not hold a claim with token ${token} on appeal ${appealId}: ${now}; claim an appeal first`,
  );
}

function refuseClause(outcome: Outcome, clause: string | undefined, { order, clauses }: HearingFacts): void {
  const invalid = (message: string) => new InvalidInput([{ field: '/clause', message }]);
  if (outcome !== 'partly-granted') {
    if (clause !== undefined) throw invalid('is for partly-granted only: leave it out');
    return;
  }
  if (order.caseId === undefined) {
    const message = 'must be granted or denied: a decision by hand names no clause that another could replace';
    throw new InvalidInput([{ field: '/outcome', message }]);
  }
  if (clause === undefined) throw invalid('is needed for partly-granted: which clause the image violates instead');
  if (clause === order.clause) throw invalid('is that of the decision: name another one, or deny the appeal');
  if (clauses.length > 0 && !clauses.includes(clause)) {
    throw new Refusal(
      'clause-unknown',
      `the content policy in force has no clause ${clause}: GET /v1/policy lists its clauses`,
      { clauses },
    );
  }
}
