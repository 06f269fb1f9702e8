import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import {
  type AuthorityInformed,
  type LegalHoldLifted,
  type LegalHoldPlaced,
  type PreservationEvent,
  preservationEvents,
} from './events.js';

export type Hold = Omit<DataOf<typeof LegalHoldPlaced>, 'accountId'> & {
  /** RFC 3339. */
  placedAt: string;
  lifted?: { at: string; reason: string };
};

type Report = Omit<DataOf<typeof AuthorityInformed>, 'accountId'>;

/** Why an account's data must not be erased, and which of its cases an authority knows. */
export interface Preservation {
  /** By their ids, in the order of their placing. */
  holds: ReadonlyMap<string, Hold>;
  reports: readonly Report[];
}

/** The id is that of the account. */
export const preservationStream: StreamKind<Preservation, PreservationEvent> = {
  category: 'preservation',
  events: preservationEvents,
  initial: { holds: new Map(), reports: [] },
  evolve(state, { type, data }, { time }) {
    switch (type) {
      case 'LegalHoldPlaced': {
        const { accountId: _, ...hold } = data;
        return { ...state, holds: new Map(state.holds).set(hold.holdId, { ...hold, placedAt: time }) };
      }
      case 'LegalHoldLifted': {
        const hold = state.holds.get(data.holdId);
        if (!hold) return state;
        const lifted = { at: time, reason: data.reason };
        return { ...state, holds: new Map(state.holds).set(data.holdId, { ...hold, lifted }) };
      }
      case 'AuthorityInformed': {
        const { accountId: _, ...report } = data;
        return { ...state, reports: [...state.reports, report] };
      }
    }
  },
};

/** A no-op if the hold was placed before, also if somebody has lifted it since. */
export const placeHold = ({ holds }: Preservation, data: DataOf<typeof LegalHoldPlaced>): PreservationEvent[] =>
  holds.has(data.holdId) ? [] : [{ type: 'LegalHoldPlaced', data }];

/**
 * For a case that is confirmed again. A no-op if its last hold is in force because of the same clause. One that somebody has
 * lifted may have been so because an appeal found another clause: it can be lifted again, an erasure can't be undone.
 */
export function placeHoldAgain(state: Preservation, data: DataOf<typeof LegalHoldPlaced>): PreservationEvent[] {
  const { caseId, clause } = data;
  const last = [...state.holds.values()].findLast((one) => one.caseId === caseId);
  const isHeld = last !== undefined && !last.lifted && clause !== undefined && last.clause === clause;
  return isHeld ? [] : placeHold(state, data);
}

/**
 * A no-op if the hold is in force.
 * @param isKnown whether anything else is stored of the account
 * @throws NotFound account-unknown; Refusal hold-lifted
 */
export function placeHoldByHand(
  state: Preservation,
  data: DataOf<typeof LegalHoldPlaced>,
  isKnown: boolean,
): PreservationEvent[] {
  const { accountId, holdId } = data;
  if (state.holds.get(holdId)?.lifted) {
    throw new Refusal(
      'hold-lifted',
      `hold ${holdId} on account ${accountId} was lifted, and is not placed again under that id: place one with another id`,
    );
  }
  const events = placeHold(state, data);
  if (events.length === 0 || isKnown) return events;
  throw new NotFound(
    'account-unknown',
    `nothing is stored of account ${accountId}, so there is nothing to hold: check the id, or place the hold once an event or a case names it`,
  );
}

/**
 * Lifts a hold, and those placed earlier for the same case: each confirmation places one, but a case is listed with its last.
 * A no-op if they are lifted. @throws NotFound hold-unknown
 */
export function liftHold(
  { holds }: Preservation,
  data: Omit<DataOf<typeof LegalHoldLifted>, 'caseId'>,
): PreservationEvent[] {
  const { accountId, holdId, reason } = data;
  const hold = holds.get(holdId);
  if (!hold) {
    throw new NotFound(
      'hold-unknown',
      `there is no hold ${holdId} on account ${accountId}: GET /v1/legal-holds?account=${accountId} lists its holds`,
    );
  }
  const { caseId } = hold;
  const all = [...holds.values()];
  const upTo = all.slice(0, all.indexOf(hold) + 1);
  const meant = caseId === undefined ? [hold] : upTo.filter((one) => one.caseId === caseId);
  return meant
    .filter(({ lifted }) => !lifted)
    .map((one) => ({
      type: 'LegalHoldLifted',
      data: { accountId, holdId: one.holdId, ...(caseId !== undefined && { caseId }), reason },
    }));
}

/** What leads to holds and is stored, but has not placed them. */
export interface HoldsToCome {
  pending: readonly Omit<DataOf<typeof LegalHoldPlaced>, 'accountId'>[];
  /** Whether a confirmation of the account can't be processed, which may have to hold it. */
  isUncertain: boolean;
}

/** Refuses to erase what is stored of an account. @throws Refusal under-hold */
export function refuseUnderHold(
  { holds }: Preservation,
  accountId: string,
  { pending, isUncertain }: HoldsToCome,
): void {
  const inForce = [...holds.values()].filter(({ lifted }) => !lifted);
  const toCome = pending.filter(({ holdId }) => !holds.has(holdId));
  const [hold] = [...inForce, ...toCome];
  if (hold) {
    const { holdId, caseId = null, reason } = hold;
    throw new Refusal(
      'under-hold',
      `what is stored of account ${accountId} is under hold ${holdId} (${reason}): lift it by DELETE /v1/accounts/${accountId}/legal-holds/${holdId}, then erase`,
      { accountId, holdId, caseId },
    );
  }
  if (!isUncertain) return;
  throw new Refusal(
    'under-hold',
    `a confirmed violation of account ${accountId} may have to hold what is stored of it, but can’t be processed: correct what parked the account in hold-placing, which gatehouse status shows, then erase`,
    { accountId, holdId: null, caseId: null },
  );
}

/**
 * A no-op if this report is recorded.
 * @param isSevere whether the case is confirmed of the highest severity; else only a hold allows the report
 * @throws Refusal report-recorded, report-not-due
 */
export function recordReport(
  { holds, reports }: Preservation,
  data: DataOf<typeof AuthorityInformed>,
  isSevere: boolean,
): PreservationEvent[] {
  const { caseId, authority, reference, sentAt } = data;
  const recorded = reports.find(
    (one) => one.caseId === caseId && one.authority === authority && one.reference === reference,
  );
  if (recorded?.sentAt === sentAt) return [];
  if (recorded) {
    throw new Refusal(
      'report-recorded',
      `report ${reference} of case ${caseId} to ${authority} is already recorded, as sent at ${recorded.sentAt}: a further report has a reference of its own`,
    );
  }
  const isHeld = [...holds.values()].some((hold) =>
    hold.caseId === undefined ? !hold.lifted : hold.caseId === caseId,
  );
  if (isSevere || isHeld) return [{ type: 'AuthorityInformed', data }];
  throw new Refusal(
    'report-not-due',
    `case ${caseId} is not confirmed by a clause of severity 3, and nothing of account ${data.accountId} is held: check the id, or place a hold by POST /v1/accounts/${data.accountId}/legal-holds first`,
  );
}
