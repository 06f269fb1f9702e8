import type { Transactor } from '../../event-store/transact.js';
import { type ContentPolicies, policiesAt, policyStream } from '../../policy/index.js';
import type { PolicyClause } from '../submission.js';

export const storedPolicies = async (transactor: Transactor): Promise<ContentPolicies> =>
  (await transactor.load(policyStream, undefined)).state;

/** The version of the policy that was in force. @param at epoch milliseconds */
export const policyVersionAt = async (transactor: Transactor, at: number): Promise<string | undefined> =>
  policiesAt(await storedPolicies(transactor), at).current;

/** The clauses of every version of the content policy, also of those withdrawn: cases were confirmed by them. */
export const clausesEver = ({ versions }: ContentPolicies): Set<string> =>
  new Set(versions.flatMap(({ clauses }) => clauses.map(({ id }) => id)));

/** A clause in the words of a version; of the newest that has it if that version has not. */
export function clauseOf(
  { versions }: ContentPolicies,
  id: string | undefined,
  version: string | undefined,
): PolicyClause | undefined {
  const having = versions.filter(({ clauses }) => clauses.some((clause) => clause.id === id));
  const found = having.find((one) => one.version === version) ?? having.at(-1);
  const clause = found?.clauses.find((one) => one.id === id);
  return found && clause && { ...clause, version: found.version, url: found.url };
}
