import type { CaseCell } from '../case-cells.js';
import { isOpen } from '../case-rows.js';
import type { CaseStatus } from './case-fields.js';
import type { CaseFilter } from './case-filter.js';

/** A number of cases that are alike; negative where others counted too many. */
export interface Counted extends Omit<CaseCell, 'status'> {
  status: CaseStatus;
  cases: number;
}

export const FACETS = ['status', 'queue', 'category', 'reviewer', 'escalated', 'origin'] as const;
export type Facet = (typeof FACETS)[number];
export type Facets = Record<Facet, { value: string; count: number }[]>;

/** More values of a facet are left out, those of the fewest cases. */
export const MAX_FACET_VALUES = 100;

/** What a facet counts by; undefined for a case that has no such value. */
const VALUE: Record<Facet, (one: Counted) => string | undefined> = {
  status: ({ status }) => status,
  queue: ({ queue }) => queue,
  category: ({ category }) => category ?? undefined,
  reviewer: ({ reviewer }) => reviewer ?? undefined,
  escalated: ({ status, isEscalated }) => (isOpen(status) ? String(isEscalated) : undefined),
  origin: ({ origin }) => origin,
};

/** What the filter demands of each; undefined for nothing. */
const demandsOf = ({
  status,
  queue,
  category,
  reviewer,
  isEscalated,
  origin,
}: CaseFilter): Record<Facet, string | undefined> => ({
  ...{ status, queue, category, reviewer, origin },
  escalated: isEscalated === undefined ? undefined : String(isEscalated),
});

/**
 * Whether cases meet all conditions but that of one facet, so that each is counted once: without a condition on the category,
 * by the cell that counts them whatever they show.
 */
function meets(one: Counted, demands: Record<Facet, string | undefined>, except?: Facet): boolean {
  return FACETS.every((facet) => {
    const value = VALUE[facet](one);
    if (facet === except) return value !== undefined;
    const isOfMany = facet === 'category' || facet === 'reviewer';
    return isOfMany ? value === demands[facet] : demands[facet] === undefined || value === demands[facet];
  });
}

/** How many cases meet the filter. */
export function countOf(counted: readonly Counted[], filter: CaseFilter): number {
  const demands = demandsOf(filter);
  return counted.reduce((sum, one) => (meets(one, demands) ? sum + one.cases : sum), 0);
}

/** By the values of each facet, how many cases meet the filter without its condition on that facet; the most first. */
export function facetsOf(counted: readonly Counted[], filter: CaseFilter): Facets {
  const demands = demandsOf(filter);
  const of = (facet: Facet) => {
    const sums = new Map<string, number>();
    for (const one of counted) {
      if (!meets(one, demands, facet)) continue;
      const value = VALUE[facet](one)!;
      sums.set(value, (sums.get(value) ?? 0) + one.cases);
    }
    return [...sums]
      .filter(([, count]) => count > 0)
      .map(([value, count]) => ({ value, count }))
      .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1))
      .slice(0, MAX_FACET_VALUES);
  };
  return Object.fromEntries(FACETS.map((facet) => [facet, of(facet)])) as unknown as Facets;
}
