import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { type EnforcementEvent, enforcementEvents } from './events.js';

type DataOf<Type extends EnforcementEvent['type']> = Extract<EnforcementEvent, { type: Type }>['data'];

/** The consumer that enforces confirmed reviews. */
export const ENFORCING = 'enforcing';

/** What was ordered. */
export type Order = DataOf<'EnforcementOrdered'>;

/** The progress of the enforcement of one confirmed case, or of one decision by hand. */
export interface Enforcement {
  status: 'none' | 'ordered' | 'completed' | 'reversed';
  order?: Order;
  /** What the targets were asked last: to carry out the order or its reversal. */
  asked?: Asked;
  /** How often something was ordered: a case may be confirmed again after an appeal. */
  orders: number;
  /** The round whose confirmation the last order is for; 0 if it does not say so. */
  round: number;
  /** The number of the last appeal that was carried out; 0 for none. */
  appeal: number;
  /** The last round of the case whose confirmation was undone, or whose measures were replaced; 0 for none. */
  undoneRound: number;
  /** The last round of the case that undid a confirmation, or replaced its measures; 0 for none. */
  decidedRound: number;
}

export interface Asked {
  position: Position;
  /** Epoch milliseconds. */
  at: number;
  /** The targets that have not acknowledged it. */
  waitingFor: readonly string[];
  /** How often they were asked again because they were overdue. */
  attempts: number;
  /** When they were last asked, in epoch milliseconds. */
  lastAt: number;
}

/** One stream per case, so that the cost of a case does not grow with the cases of its account. */
export const enforcementStream: StreamKind<Enforcement, EnforcementEvent> = {
  category: 'enforcement',
  events: enforcementEvents,
  initial: { status: 'none', orders: 0, round: 0, appeal: 0, undoneRound: 0, decidedRound: 0 },
  evolve(state, { type, data }, { position, time }) {
    const at = Date.parse(time);
    const ask = (targets: readonly string[] = []): Asked => ({
      ...{ position, at, waitingFor: targets },
      ...{ attempts: 0, lastAt: at },
    });
    const { asked } = state;
    switch (type) {
      case 'EnforcementOrdered':
        return {
          ...state,
          ...{ status: 'ordered', order: data, orders: state.orders + 1, asked: ask(data.targets) },
          // What replaces an order is for the same confirmation.
          round: data.round ?? state.round,
        };
      case 'EnforcementCompleted':
        return { ...state, status: 'completed' };
      case 'EnforcementReversed':
        return {
          ...state,
          status: 'reversed',
          asked: ask(state.order?.targets),
          appeal: Math.max(state.appeal, data.appeal),
          undoneRound: Math.max(state.undoneRound, data.round ?? 0),
          decidedRound: data.decidedRound ?? state.decidedRound,
        };
      case 'EnforcementAcknowledged':
        if (!asked) return state;
        return { ...state, asked: { ...asked, waitingFor: asked.waitingFor.filter((one) => one !== data.target) } };
      case 'EnforcementLifted':
        if (!asked) return state;
        return {
          ...state,
          asked: { ...asked, waitingFor: asked.waitingFor.filter((one) => !data.targets.includes(one)) },
        };
      case 'EnforcementOverdue':
        return asked ? { ...state, asked: { ...asked, attempts: data.attempt, lastAt: at } } : state;
      case 'EnforcementRedelivered':
        return asked ? { ...state, asked: { ...asked, lastAt: at } } : state;
    }
  },
};

/** Whether nothing is left to do for the confirmation of a round: it was enforced, or undone. */
export const isEnforced = ({ status, undoneRound }: Enforcement, round: number): boolean =>
  status === 'completed' || round <= undoneRound;

/**
 * A no-op if enforcement was ordered: a confirmed round of a case leads to one enforcement, however often it is reported.
 * @param round the confirmed round
 * @throws Refusal enforcement-id-taken if a decision by hand has this id, whose order must not pass for the case's
 */
export function orderEnforcement(state: Enforcement, order: Order, round: number): EnforcementEvent[] {
  if (state.order && state.order.caseId !== order.caseId) {
    throw new Refusal(
      'enforcement-id-taken',
      `a decision by hand against ${state.order.accountId} has the id of case ${order.caseId}; deactivate account ${order.accountId} by hand`,
    );
  }
  const isNew = state.status === 'none' || (state.status === 'reversed' && !isEnforced(state, round));
  return isNew ? [{ type: 'EnforcementOrdered', data: order }] : [];
}

export type Reversal = DataOf<'EnforcementReversed'>;

/**
 * Whether the appeal was carried out, or the round of the case that undoes it; or nothing is in force any more, or only what a
 * later confirmation led to.
 */
export const isReversed = (state: Enforcement, { appeal, round, decidedRound = 0 }: Reversal): boolean =>
  state.status === 'reversed' ||
  (round !== undefined && round < state.round) ||
  (appeal > 0 ? appeal <= state.appeal : decidedRound <= state.decidedRound);

/** A no-op if it was carried out. @throws NotFound enforcement-unknown */
export function reverseEnforcement(state: Enforcement, reversal: Reversal): EnforcementEvent[] {
  if (state.status === 'none') throw unknownEnforcement(reversal);
  return isReversed(state, reversal) ? [] : [{ type: 'EnforcementReversed', data: reversal }];
}

/** Orders other measures in the place of the first. A no-op if that was carried out. @throws NotFound enforcement-unknown */
export function replaceOrder(state: Enforcement, reversal: Reversal, order: Order): EnforcementEvent[] {
  const reversed = reverseEnforcement(state, reversal);
  return reversed.length === 0 ? [] : [...reversed, { type: 'EnforcementOrdered', data: order }];
}

/** @throws NotFound enforcement-unknown */
export function completeEnforcement(state: Enforcement, data: DataOf<'EnforcementCompleted'>): EnforcementEvent[] {
  if (state.status === 'none') throw unknownEnforcement(data);
  return state.status === 'ordered' ? [{ type: 'EnforcementCompleted', data }] : [];
}

/** Records a decision by hand, which is in force already: with it the enforcement has its receipt. */
export function recordEnforcement({ status }: Enforcement, order: Order): EnforcementEvent[] {
  if (status !== 'none') return [];
  const { accountId, enforcementId } = order;
  return [
    { type: 'EnforcementOrdered', data: order },
    { type: 'EnforcementCompleted', data: { accountId, ...(enforcementId !== undefined && { enforcementId }) } },
  ];
}

const unknownEnforcement = ({ accountId, caseId, enforcementId }: DataOf<'EnforcementCompleted'>) =>
  new NotFound(
    'enforcement-unknown',
    `no enforcement was ordered against account ${accountId} for ${caseId ?? enforcementId}; order it first`,
  );
