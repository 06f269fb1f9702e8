import { DAY_MS } from '../kernel/clock.js';
import type { MEASURES } from './events.js';
import { type LadderEntry, type LadderStep, outcomeOf } from './ladder.js';

/** What a case led to, or would have led to. */
export interface Treatment {
  measure: (typeof MEASURES)[number];
  action?: LadderStep['action'] | undefined;
  days?: number | undefined;
}

/** A case that was enforced. */
export interface EnforcedCase {
  caseId: string;
  accountId: string;
  clause?: string | undefined;
  /** When it was decided, in epoch milliseconds. */
  at: number;
  actual: Treatment;
}

export interface Difference extends EnforcedCase {
  would: Treatment;
}

/**
 * Who would have been treated differently. Strikes are counted as if the ladder had always been in force.
 * @param cases of each account all there are, oldest first
 * @param isConcerned whether a case is one of those that are compared
 */
export function dryRun(
  cases: readonly EnforcedCase[],
  entries: readonly LadderEntry[],
  isConcerned: (one: EnforcedCase) => boolean,
): Difference[] {
  const strikes = new Map<string, { until?: number }[]>();
  const differences: Difference[] = [];
  for (const one of cases) {
    const before = strikes.get(one.accountId) ?? [];
    const active = before.filter(({ until }) => until === undefined || one.at < until);
    const { step, measures } = outcomeOf(entries, one.clause, active.length, one.at);
    if (measures.strike) strikes.set(one.accountId, [...active, measures.strike]);
    const would: Treatment = step ?? { measure: 'deactivate' };
    if (isConcerned(one) && !isSame(one.actual, would)) differences.push({ ...one, would });
  }
  return differences;
}

const isSame = (one: Treatment, other: Treatment): boolean =>
  one.measure === other.measure && one.action === other.action && one.days === other.days;

/** Whole days from one time to another, in epoch milliseconds. */
export const daysBetween = (from: number, to: number): number => Math.round((to - from) / DAY_MS);
