import type { DataOf, RecordedOf } from '../../events/event-definition.js';
import { type ContentPolicies, MAX_SEVERITY, severitiesAt } from '../../policy/index.js';
import type { ReviewAmended, ReviewConfirmed, ReviewUpheld } from '../../review/index.js';
import type { LegalHoldPlaced } from '../events.js';

export const HOLD_PLACING = 'hold-placing';

export type Confirmation = RecordedOf<typeof ReviewConfirmed | typeof ReviewUpheld | typeof ReviewAmended>;

/**
 * The key of a confirmation for the consumer that places holds. No account's id begins with `~`: a case without an account
 * keeps no account of the same name waiting.
 */
export const holdKey = ({ data }: Confirmation): string => data.accountId ?? `~${data.caseId}`;

/**
 * The hold that a confirmation places; undefined for none. The event's id is that of the hold, so that each confirmation of a
 * case has one of its own, which nobody can have placed and lifted before. While an event of the content policy can't be read,
 * every confirmation places one: a hold can be lifted, an erasure can't be undone.
 * @param now epoch milliseconds
 */
export function confirmedHold(
  event: Confirmation,
  policies: ContentPolicies,
  now: number,
): Omit<DataOf<typeof LegalHoldPlaced>, 'accountId'> | undefined {
  const { caseId, clause } = event.data;
  const severities = severitiesAt(policies, now);
  const categories = event.type === 'ReviewAmended' ? [] : event.data.categories;
  const labels = clause === undefined ? categories : [clause];
  const severe = labels.find((label) => severities?.get(label) === MAX_SEVERITY);
  if (severe === undefined && severities?.size !== 0) return undefined;
  return {
    ...{ holdId: event.id, caseId },
    ...(severe !== undefined && { clause: severe }),
    reason: severe === undefined ? 'the content policy can’t be read' : 'a violation of the highest severity',
  };
}
