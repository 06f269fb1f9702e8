import type { Transactor } from '../../event-store/transact.js';
import { policiesAt, policyStream } from '../../policy/index.js';
import type { PublishedPolicies } from '../account-standing.js';

/** @param now epoch milliseconds */
export async function publishedPolicies(transactor: Transactor, now: number): Promise<PublishedPolicies> {
  const { state } = await transactor.load(policyStream, undefined);
  return { versions: state.versions, inForce: policiesAt(state, now) };
}
