import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { type PolicyDisregarded, type PolicyUseEvent, policyUseEvents } from './events.js';

/** The versions in force for which a use without a sufficient acceptance is recorded. */
export type PolicyUse = ReadonlySet<string>;

/** The id is that of the account. */
export const policyUseStream: StreamKind<PolicyUse, PolicyUseEvent> = {
  category: 'policy-use',
  events: policyUseEvents,
  initial: new Set(),
  evolve: (state, { data }) => new Set(state).add(data.inForce),
};

/** A no-op if one is recorded of this version: a service that goes on causes no event for each image. */
export const recordPolicyUse = (state: PolicyUse, data: DataOf<typeof PolicyDisregarded>): PolicyUseEvent[] =>
  state.has(data.inForce) ? [] : [{ type: 'PolicyDisregarded', data }];
