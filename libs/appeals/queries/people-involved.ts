import { causeOf } from '../../account/index.js';
import { isOf } from '../../events/event-definition.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { ReviewConfirmed, VerdictGiven } from '../../review/index.js';

/**
 * Everybody of ours who had a hand in a case: reviewers with any verdict, also one they took back, and people who claimed,
 * held, escalated, handed over or reopened it.
 * @param history of the case
 */
export function peopleOfCase(history: readonly RecordedEvent[]): Set<string> {
  const people = new Set<string>();
  for (const event of history) {
    if (event.fault !== undefined) continue;
    if (event.metadata.actor.kind === 'user') people.add(event.metadata.actor.id);
    if (isOf(VerdictGiven, event) && event.data.reviewerSource === undefined) people.add(event.data.reviewer);
    // The panel of another system may have reviewers of ours in it; their system is then empty.
    if (isOf(ReviewConfirmed, event)) for (const one of ours(event.data)) people.add(one);
  }
  return people;
}

function ours(data: { reviewers?: string[]; reviewerSource?: string; reviewerSources?: string[] }): string[] {
  const { reviewers = [], reviewerSource, reviewerSources } = data;
  if (reviewerSources) return reviewers.filter((_, n) => reviewerSources[n] === '');
  return reviewerSource === undefined ? reviewers : [];
}

/** Whether an event of an account belongs to what one decision has led to. It must not be broken. */
export const isOfCause = ({ data }: RecordedEvent, cause: string): boolean =>
  causeOf(data as { caseId?: string; enforcementId?: string }).cause === cause;

/**
 * Who imposed what one decision has led to, on the account itself.
 * @param history of the account
 */
export const peopleBehind = (history: readonly RecordedEvent[], cause: string): Set<string> =>
  new Set(
    history
      .filter((event) => {
        const isBySomebody = event.fault === undefined && event.metadata.actor.kind === 'user';
        return isBySomebody && isOfCause(event, cause);
      })
      .map(({ metadata }) => metadata.actor.id),
  );
