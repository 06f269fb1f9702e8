import type { StreamKind } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import { type PolicyEvent, policyEvents } from './events.js';

export interface ContentPolicies {
  /** In the order of their publication; the last is in force. */
  versions: readonly string[];
  current?: string;
}

/** The kind has a single stream, `policy`. */
export const policyStream: StreamKind<ContentPolicies, PolicyEvent> = {
  category: 'policy',
  events: policyEvents,
  initial: { versions: [] },
  evolve: (state, { data }) => ({ versions: [...state.versions, data.version], current: data.version }),
};

/** @throws Refusal policy-superseded: accounts that accepted that version would count as up to date again */
export function publishPolicy(state: ContentPolicies, data: PolicyEvent['data']): PolicyEvent[] {
  if (data.version === state.current) return [];
  if (state.versions.includes(data.version)) {
    throw new Refusal(
      'policy-superseded',
      `content policy ${data.version} was superseded by ${state.current}; publish it under a new version`,
    );
  }
  return [{ type: 'ContentPolicyPublished', data }];
}
