import type { StreamKind } from '../kernel/decider.js';
import { NotFound } from '../kernel/errors.js';
import { type EnforcementEvent, enforcementEvents } from './events.js';

type DataOf<Type extends EnforcementEvent['type']> = Extract<EnforcementEvent, { type: Type }>['data'];

/** What was ordered. */
export type Order = DataOf<'EnforcementOrdered'>;

/** The progress of the enforcement of one confirmed case, or of one decision by hand. */
export interface Enforcement {
  status: 'none' | 'ordered' | 'completed';
  order?: Order;
}

/** One stream per case, so that the cost of a case does not grow with the cases of its account. */
export const enforcementStream: StreamKind<Enforcement, EnforcementEvent> = {
  category: 'enforcement',
  events: enforcementEvents,
  initial: { status: 'none' },
  evolve(state, { type, data }) {
    switch (type) {
      case 'EnforcementOrdered':
        return { status: 'ordered', order: data };
      case 'EnforcementCompleted':
        return { ...state, status: 'completed' };
    }
  },
};

/** A no-op if enforcement was ordered: a confirmed case leads to one enforcement, however often it is reported. */
export function orderEnforcement({ status }: Enforcement, order: Order): EnforcementEvent[] {
  return status === 'none' ? [{ type: 'EnforcementOrdered', data: order }] : [];
}

/** @throws NotFound enforcement-unknown */
export function completeEnforcement(state: Enforcement, data: DataOf<'EnforcementCompleted'>): EnforcementEvent[] {
  if (state.status === 'none') {
    throw new NotFound(
      'enforcement-unknown',
      `no enforcement was ordered against account ${data.accountId} for case ${data.caseId}; order it first`,
    );
  }
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
