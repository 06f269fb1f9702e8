import type { Transactor } from '../../event-store/transact.js';
import { type ContentPolicies, policiesAt, policyStream } from '../../policy/index.js';
import type { PublishedPolicies } from '../account-standing.js';

/**
 * @param now epoch milliseconds
 * @param happenedAt of an acceptance that another system reports later: versions published since then were not in force
 */
export async function publishedPolicies(
  transactor: Transactor,
  now: number,
  happenedAt?: number,
): Promise<PublishedPolicies> {
  const { state } = await transactor.load(policyStream, undefined);
  if (happenedAt !== undefined && happenedAt < now) return policiesWhen(state, happenedAt);
  return { versions: state.versions, inForce: policiesAt(state, now) };
}

/** As of an earlier moment. A version that is in force from its publication on has no other start. */
export function policiesWhen(state: ContentPolicies, happenedAt: number): PublishedPolicies {
  const versions = state.versions.map((one) => ({ ...one, startsAt: one.startsAt ?? one.since }));
  return { versions, inForce: policiesAt({ ...state, versions }, happenedAt) };
}
