import type { AccountStanding, Consequences, Strike } from '../account/index.js';
import type { ConfirmedViolation } from './confirmed-violation.js';
import { MAX_STRIKES } from './events.js';
import { type Ladder, ladderAt, outcomeOf } from './ladder.js';

/**
 * The account's standing once these violations are enforced, in order, that are confirmed and pending. It is asked for with
 * each access decision, so its cost grows linearly with them.
 * @param standing with its consequences, as the account's events give it
 */
export function expectedStanding(
  standing: AccountStanding,
  pending: Iterable<ConfirmedViolation>,
  ladder: Ladder,
): AccountStanding {
  const deactivations = [...(standing.consequences?.deactivations ?? [])];
  const suspensions = [...(standing.consequences?.suspensions ?? [])];
  const restrictions = [...(standing.consequences?.restrictions ?? [])];
  const strikes = [...(standing.consequences?.strikes ?? [])];
  const consequences: Consequences = { deactivations, suspensions, restrictions, strikes };
  const causes = new Set(Object.values(consequences).flatMap((some) => some.map(({ cause }: Strike) => cause)));
  const counted = new CountedStrikes(strikes);
  for (const { caseId, clause, position, at } of pending) {
    if (causes.has(caseId)) continue;
    causes.add(caseId);
    const { deactivate, suspend, restrict, strike } = outcomeOf(
      ladderAt(ladder, position),
      clause,
      counted.activeAt(at),
      at,
    ).measures;
    const cause = { cause: caseId, isManual: false };
    if (deactivate) deactivations.push(cause);
    if (suspend) suspensions.push({ ...cause, ...suspend });
    if (restrict) restrictions.push({ ...cause, ...restrict });
    if (!strike) continue;
    strikes.push({ cause: caseId, ...strike });
    counted.add(strike);
  }
  if (causes.size === 0) return standing;
  const { suspendedUntil: _, ...rest } = standing;
  return {
    ...rest,
    deactivated: standing.deactivated || deactivations.length > 0,
    ...(suspensions.length > 0 && { suspendedUntil: suspensions.reduce((max, { until }) => Math.max(max, until), 0) }),
    consequences,
  };
}

/** The ends of the strikes that end last: a ladder has no step for more of them. */
class CountedStrikes {
  private readonly ends: number[];

  constructor(strikes: readonly Pick<Strike, 'until'>[]) {
    this.ends = strikes.map(endOf).sort((one, other) => other - one);
    this.ends.splice(MAX_STRIKES);
  }

  /** At most MAX_STRIKES. */
  activeAt(time: number): number {
    return this.ends.filter((end) => time < end).length;
  }

  add(strike: Pick<Strike, 'until'>): void {
    const end = endOf(strike);
    const place = this.ends.findIndex((other) => other < end);
    this.ends.splice(place < 0 ? this.ends.length : place, 0, end);
    this.ends.splice(MAX_STRIKES);
  }
}

const endOf = ({ until = Number.POSITIVE_INFINITY }: Pick<Strike, 'until'>): number => until;
