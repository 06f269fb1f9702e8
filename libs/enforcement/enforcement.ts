import type { StreamKind } from '../kernel/decider.js';
import { NotFound } from '../kernel/errors.js';
import type { EnforcementEvent } from './events.js';

/** What was called for against one account, by case. */
export interface Enforcement {
  byCase: Readonly<Record<string, 'ordered' | 'completed'>>;
}

export const enforcementStream: StreamKind<Enforcement, EnforcementEvent> = {
  category: 'enforcement',
  initial: { byCase: {} },
  evolve: (state, { type, data }) => ({
    byCase: { ...state.byCase, [data.caseId]: type === 'EnforcementOrdered' ? 'ordered' : 'completed' },
  }),
};

type DataOf<Type extends EnforcementEvent['type']> = Extract<EnforcementEvent, { type: Type }>['data'];

/** A confirmed case leads to one enforcement, however often it is told. */
export function orderEnforcement(state: Enforcement, data: DataOf<'EnforcementOrdered'>): EnforcementEvent[] {
  return Object.hasOwn(state.byCase, data.caseId) ? [] : [{ type: 'EnforcementOrdered', data }];
}

/** @throws NotFound enforcement-unknown */
export function completeEnforcement(state: Enforcement, data: DataOf<'EnforcementCompleted'>): EnforcementEvent[] {
  if (!Object.hasOwn(state.byCase, data.caseId)) {
    throw new NotFound(
      'enforcement-unknown',
      `nothing was ordered against account ${data.accountId} for case ${data.caseId}`,
    );
  }
  return state.byCase[data.caseId] === 'completed' ? [] : [{ type: 'EnforcementCompleted', data }];
}
