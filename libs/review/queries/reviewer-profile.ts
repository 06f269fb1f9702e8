import type { Transactor } from '../../event-store/transact.js';
import type { Position } from '../../kernel/envelope.js';
import { type Reviewer, reviewerStream, withSevereSkill } from '../reviewer.js';
import { changedAtOf, severeViewersStream } from '../severe-viewers.js';

/** What is recorded about a reviewer. */
export interface ReviewerProfile {
  state: Reviewer;
  /** The position of the last change; 0 for none. */
  changedAt: Position;
}

/** With the skill that has a stream of its own. @returns in the order of the reviewers */
export async function profilesOf(
  transactor: Pick<Transactor, 'load'>,
  reviewers: readonly string[],
): Promise<ReviewerProfile[]> {
  if (reviewers.length === 0) return [];
  const [{ state: severe }, ...profiles] = await Promise.all([
    transactor.load(severeViewersStream, undefined),
    ...reviewers.map((one) => transactor.load(reviewerStream, one)),
  ]);
  return profiles.map(({ state, changedAt }, n) => ({
    state: withSevereSkill(state, severe.viewers.has(reviewers[n]!)),
    changedAt: Math.max(changedAt, changedAtOf(severe, reviewers[n]!)),
  }));
}
