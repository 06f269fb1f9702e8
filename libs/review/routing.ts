import { toIso } from '../kernel/clock.js';
import type { Case, Route } from './case.js';
import type { CaseEvent } from './events.js';
import { type PriorityFacts, type PriorityPart, priorityParts, severityOf } from './priority.js';
import type { QueueRules, RoutingRule } from './queue-rules.js';
import { MAX_PRIORITY } from './routing-events.js';

const HOUR_MS = 3_600_000;

export interface RoutingFacts extends PriorityFacts {
  rules: QueueRules;
}

/**
 * Puts an open case into its queue with its priority. A no-op if it is there, if the case is closed, and if newer rules than
 * these have routed it.
 */
export function routeCase(state: Case, caseId: string, facts: RoutingFacts): CaseEvent[] {
  const { rules } = facts;
  if (state.status !== 'open' || (state.route && state.route.rulesVersion > rules.version)) return [];
  const { parts, ...route } = routeOf(state, facts);
  const { queue, priority, dueAt, rulesVersion } = route;
  const before = state.route;
  if (before && before.queue === queue && before.priority === priority && before.dueAt === dueAt) return [];
  return [{ type: 'CaseRouted', data: { caseId, queue, priority, parts, dueAt: toIso(dueAt), rulesVersion } }];
}

function routeOf(state: Case, facts: RoutingFacts): Route & { parts: PriorityPart[] } {
  const { rules } = facts;
  const parts = priorityParts(state, facts);
  const priority = parts.reduce((sum, { points }) => sum + points, 0);
  const rule = rules.rules.find((one) => meets(state, one, facts));
  return {
    queue: rule?.queue ?? rules.default,
    priority,
    parts,
    dueAt: dueAt(state.openedAt, priority, rules.patienceHours),
    rulesVersion: rules.version,
  };
}

/**
 * The order of a queue. Of cases opened at one time, the one with the higher priority is due first; of those with one
 * priority, the older one. What is opened after a case is due never goes ahead of it, so no case starves: it waits for those
 * only that were opened before its due time, which is at most the patience after its opening.
 * @param openedAt epoch milliseconds
 * @returns epoch milliseconds
 */
export const dueAt = (openedAt: number, priority: number, patienceHours: number): number =>
  openedAt + Math.round(((MAX_PRIORITY - priority) / MAX_PRIORITY) * patienceHours * HOUR_MS);

function meets(
  state: Case,
  { categories, sources, minSeverity, minConfidence }: RoutingRule,
  { severities }: RoutingFacts,
): boolean {
  return (
    (categories === undefined || categories.some((one) => state.categories.has(one))) &&
    (sources === undefined || sources.some((one) => state.sources.has(one))) &&
    (minSeverity === undefined || severityOf(state, severities) >= minSeverity) &&
    (minConfidence === undefined || state.confidence >= minConfidence)
  );
}
