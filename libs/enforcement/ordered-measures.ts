import type { AccountStanding, Measures } from '../account/index.js';
import { toIso } from '../kernel/clock.js';
import { type ConfirmedViolation, outcomeFor, strikesBefore } from './confirmed-violation.js';
import type { Order } from './enforcement.js';
import type { Ladder } from './ladder.js';

/** What is ordered for a confirmed violation. Whatever changes later, this is what is imposed. */
export function orderFor(violation: ConfirmedViolation, standing: AccountStanding, ladder: Ladder): Order {
  const { accountId, caseId, imageId, categories, clause, at } = violation;
  const { step, measures } = outcomeFor(violation, standing, ladder);
  const { strike, suspend, restrict } = measures;
  const until = (restrict ?? suspend)?.until;
  return {
    accountId,
    caseId,
    imageId,
    measure: step?.measure ?? 'deactivate',
    ...(restrict && { action: restrict.action }),
    ...(until !== undefined && { until: toIso(until) }),
    ...(strike && { strikes: strikesBefore(violation, standing) + 1 }),
    ...(strike?.until !== undefined && { strikeUntil: toIso(strike.until) }),
    ...(clause !== undefined && { clause }),
    categories,
    decidedAt: toIso(at),
  };
}

export function orderedMeasures({ measure, action, until, strikes, strikeUntil }: Order): Measures {
  const end = Date.parse(until ?? '');
  return {
    ...(measure === 'deactivate' && { deactivate: true }),
    ...(measure === 'suspend' && { suspend: { until: end } }),
    ...(measure === 'restrict' && { restrict: { action: action!, until: end } }),
    ...(strikes !== undefined && { strike: strikeUntil === undefined ? {} : { until: Date.parse(strikeUntil) } }),
  };
}
