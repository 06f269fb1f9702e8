import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import { NotFound } from '../kernel/errors.js';
import { type AppealEvent, appealEvents } from './events.js';

export const OUTCOMES = ['granted', 'partly-granted', 'denied'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const APPEAL_STATUSES = ['open', ...OUTCOMES, 'lapsed'] as const;

type DataOf<Type extends AppealEvent['type']> = Extract<AppealEvent, { type: Type }>['data'];

/** `until` in epoch milliseconds; no event marks the end of the lease. */
export interface AppealClaim {
  reviewer: string;
  until: number;
  token: number;
}

/** The last appeal against one enforcement, and what earlier ones mean for it. */
export interface Appeal {
  status: 'none' | (typeof APPEAL_STATUSES)[number];
  /** The number of appeals so far. */
  number: number;
  /** How many of them were against the decision that is in force. */
  ofDecision: number;
  /** The order of the enforcement that it is about. */
  order: number;
  /**
   * The round whose confirmation it is about. Of appeals of earlier releases it is known once they are decided, and may then be a
   * later round that confirmed it again. Absent for a decision by hand.
   */
  since?: number;
  accountId: string;
  caseId?: string;
  /** The other clause of an appeal that was granted in part. */
  clause?: string;
  /** Who decided an appeal against this enforcement, the last one last. */
  deciders: readonly string[];
  /** Who filed one: services, and people who act for one. */
  filers: readonly string[];
  /** The number of claims, which is the fencing token of the last one. */
  claims: number;
  claim?: AppealClaim;
  /** It was handed over to this reviewer: nobody else may claim it until then, in epoch milliseconds. */
  reserved?: { reviewer: string; until: number };
  /** Until when an open one is to be decided, in epoch milliseconds. */
  dueAt: number;
  /** Whether it is stored that it was not. */
  isOverdue: boolean;
}

/** An appeal has the id of its enforcement, so that two against one decision are decided by one stream. */
export const appealStream: StreamKind<Appeal, AppealEvent> = {
  category: 'appeal',
  events: appealEvents,
  initial: {
    ...{ status: 'none', number: 0, ofDecision: 0, order: 0, accountId: '' },
    ...{ deciders: [], filers: [], claims: 0, dueAt: 0, isOverdue: false },
  },
  evolve(state, { type, data }, { actor }) {
    switch (type) {
      case 'AppealFiled': {
        const { number, order, accountId, caseId, since, dueAt } = data;
        const { clause: _, since: __, ...rest } = unclaimed(state);
        return {
          ...rest,
          ...{ status: 'open', number, order, accountId, dueAt: Date.parse(dueAt), isOverdue: false },
          ...(caseId !== undefined && { caseId }),
          ...(since !== undefined && { since }),
          ofDecision: isAnotherDecision(state, { order, since }) ? 1 : state.ofDecision + 1,
          filers: [...new Set([...state.filers, actor.id])],
        };
      }
      case 'AppealClaimed': {
        const { reviewer, until, token } = data;
        return { ...unclaimed(state), claims: token, claim: { reviewer, until: Date.parse(until), token } };
      }
      case 'AppealHandedOver': {
        const { reviewer, until } = data;
        return { ...unclaimed(state), reserved: { reviewer, until: Date.parse(until) } };
      }
      case 'AppealReleased':
        return unclaimed(state);
      case 'AppealOverdue':
        return { ...state, isOverdue: true };
      case 'AppealLapsed':
        return { ...unclaimed(state), status: 'lapsed' };
      case 'AppealGranted':
        return decided(state, 'granted', data);
      case 'AppealPartlyGranted':
        return { ...decided(state, 'partly-granted', data), clause: data.clause };
      case 'AppealDenied':
        return decided(state, 'denied', data);
    }
  },
};

/** What an appeal may be about. */
export interface DecisionInForce {
  /** The number of the last order of the enforcement. */
  order: number;
  /** The round that confirmed the case; undefined if its confirmation was undone, and for a decision by hand. */
  since?: number | undefined;
}

/**
 * Whether it is another decision than the last appeal was about: only what undid the first makes room for it. Other measures
 * for another clause are none, nor is a later round that confirmed the case again.
 */
export function isAnotherDecision({ status, order, since }: Appeal, current: DecisionInForce): boolean {
  if (status === 'none') return true;
  if (since !== undefined && current.since !== undefined) return current.since > since;
  return (status === 'granted' || status === 'lapsed') && current.order > order;
}

/** Whether what the appeal is about was undone. @param since the round that confirmed the case, if it is confirmed */
export const isUndone = (appeal: Pick<Appeal, 'caseId' | 'since'>, since: number | undefined): boolean =>
  appeal.caseId !== undefined && (since === undefined || (appeal.since !== undefined && appeal.since < since));

/**
 * Closes an open appeal if what it is about was undone, as when a later round undid it while the appeal was filed. A no-op for
 * others.
 * @param since the round that confirmed the case, if it is confirmed
 */
export function lapseAppeal(state: Appeal, appealId: string, since: number | undefined): AppealEvent[] {
  if (state.status !== 'open' || !isUndone(state, since)) return [];
  return [{ type: 'AppealLapsed', data: aboutOf(state, appealId) }];
}

const aboutOf = ({ number, accountId, caseId, order }: Appeal, appealId: string) => ({
  ...{ appealId, number, accountId, order },
  ...(caseId !== undefined && { caseId }),
});

/** Says that the deadline has passed. A no-op before that, and once it is said or decided. @param now epoch milliseconds */
export function noteOverdue(state: Appeal, appealId: string, now: number): AppealEvent[] {
  const { status, dueAt, isOverdue } = state;
  if (status !== 'open' || isOverdue || now < dueAt) return [];
  return [{ type: 'AppealOverdue', data: { ...aboutOf(state, appealId), dueAt: toIso(dueAt) } }];
}

/** Without claim and reservation. */
function unclaimed({ claim: _, reserved: __, ...state }: Appeal): Appeal {
  return state;
}

const decided = (state: Appeal, status: Outcome, { reviewer, round }: DataOf<'AppealGranted'>): Appeal => ({
  ...unclaimed(state),
  // The round that is confirmed when an appeal is decided is no earlier than the confirmation that it is about.
  ...(state.since === undefined && round !== undefined && { since: round }),
  status,
  deciders: [...state.deciders.filter((one) => one !== reviewer), reviewer],
});

/** @throws NotFound appeal-unknown */
export function refuseUnknown({ status }: Appeal, appealId: string): void {
  if (status !== 'none') return;
  throw new NotFound(
    'appeal-unknown',
    `there is no appeal ${appealId}; it has the id of its enforcement: GET /v1/appeals lists them`,
  );
}
