import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import { NotFound } from '../kernel/errors.js';
import { type AppealEvent, appealEvents } from './events.js';

export const OUTCOMES = ['granted', 'partly-granted', 'denied'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const APPEAL_STATUSES = ['open', ...OUTCOMES] as const;

type DataOf<Type extends AppealEvent['type']> = Extract<AppealEvent, { type: Type }>['data'];

/** `until` in epoch milliseconds; no event marks the end of the lease. */
export interface AppealClaim {
  reviewer: string;
  until: number;
  token: number;
}

/** The last appeal against one enforcement, and what earlier ones mean for it. */
export interface Appeal {
  status: 'none' | 'open' | Outcome;
  /** The number of appeals so far. */
  number: number;
  /** How many of them were against the decision that is in force. */
  ofDecision: number;
  /** The order of the enforcement that it is about. */
  order: number;
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
        const { number, order, accountId, caseId, dueAt } = data;
        const { claim: _, clause: __, ...rest } = state;
        return {
          ...rest,
          ...{ status: 'open', number, order, accountId, dueAt: Date.parse(dueAt), isOverdue: false },
          ...(caseId !== undefined && { caseId }),
          ofDecision: isAnotherDecision(state, order) ? 1 : state.ofDecision + 1,
          filers: [...new Set([...state.filers, actor.id])],
        };
      }
      case 'AppealClaimed': {
        const { reviewer, until, token } = data;
        return { ...state, claims: token, claim: { reviewer, until: Date.parse(until), token } };
      }
      case 'AppealReleased':
        return unclaimed(state);
      case 'AppealOverdue':
        return { ...state, isOverdue: true };
      case 'AppealGranted':
        return decided(state, 'granted', data);
      case 'AppealPartlyGranted':
        return { ...decided(state, 'partly-granted', data), clause: data.clause };
      case 'AppealDenied':
        return decided(state, 'denied', data);
    }
  },
};

/** A granted appeal undid its decision: a later order is another one. Other measures for another clause are not. */
export const isAnotherDecision = ({ status, order }: Appeal, current: number): boolean =>
  status === 'none' || (status === 'granted' && current > order);

/** Says that the deadline has passed. A no-op before that, and once it is said or decided. @param now epoch milliseconds */
export function noteOverdue(state: Appeal, appealId: string, now: number): AppealEvent[] {
  const { status, number, order, accountId, caseId, dueAt, isOverdue } = state;
  if (status !== 'open' || isOverdue || now < dueAt) return [];
  const about = { appealId, number, accountId, ...(caseId !== undefined && { caseId }), order };
  return [{ type: 'AppealOverdue', data: { ...about, dueAt: toIso(dueAt) } }];
}

function unclaimed({ claim: _, ...state }: Appeal): Appeal {
  return state;
}

const decided = (state: Appeal, status: Outcome, { reviewer }: DataOf<'AppealGranted'>): Appeal => ({
  ...unclaimed(state),
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
