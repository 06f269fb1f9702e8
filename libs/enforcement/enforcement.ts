import type { StreamKind } from '../kernel/decider.js';
import { NotFound } from '../kernel/errors.js';
import { type EnforcementEvent, enforcementEvents } from './events.js';

/** The progress of the enforcement of one confirmed case. */
export type Enforcement = 'none' | 'ordered' | 'completed';

/** One stream per case, so that the cost of a case does not grow with the cases of its account. */
export const enforcementStream: StreamKind<Enforcement, EnforcementEvent> = {
  category: 'enforcement',
  events: enforcementEvents,
  initial: 'none',
  evolve(_, { type }) {
    switch (type) {
      case 'EnforcementOrdered':
        return 'ordered';
      case 'EnforcementCompleted':
        return 'completed';
    }
  },
};

type DataOf<Type extends EnforcementEvent['type']> = Extract<EnforcementEvent, { type: Type }>['data'];

/** A no-op if enforcement was ordered: a confirmed case leads to one enforcement, however often it is reported. */
export function orderEnforcement(state: Enforcement, data: DataOf<'EnforcementOrdered'>): EnforcementEvent[] {
  return state === 'none' ? [{ type: 'EnforcementOrdered', data }] : [];
}

/** @throws NotFound enforcement-unknown */
export function completeEnforcement(state: Enforcement, data: DataOf<'EnforcementCompleted'>): EnforcementEvent[] {
  if (state === 'none') {
    throw new NotFound(
      'enforcement-unknown',
      `no enforcement was ordered against account ${data.accountId} for case ${data.caseId}; order it first`,
    );
  }
  return state === 'ordered' ? [{ type: 'EnforcementCompleted', data }] : [];
}
