import { toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { type BulkEffect, type Case, caseStream, type Route } from './case.js';
import { refuseWithoutRight } from './claim-decisions.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { dueAt } from './place-in-queue.js';
import { confidenceOf, type PriorityFacts, type PriorityPart, priorityParts, severityOf } from './priority.js';
import { DEFAULT_QUEUE, type QueueRules, queueOf, type RoutingRule } from './queue-rules.js';
import { refuseClosed, refuseIncomplete } from './refusals.js';

export interface RoutingFacts extends PriorityFacts {
  rules: QueueRules;
  /** The number of reviewers who decide a case of a queue that does not say. */
  panelSize: number;
}

/**
 * Puts an open case into its queue with its priority. A no-op if these rules have put it there, if the case is closed,
 * and if newer rules have routed it.
 */
export function routeCase(state: Case, caseId: string, facts: RoutingFacts): CaseEvent[] {
  return routed(state, caseId, facts);
}

/** @param least the smallest panel; by default that which the case has, if somebody moved it to the queue, and otherwise 1 */
function routed(state: Case, caseId: string, facts: RoutingFacts, least?: number): CaseEvent[] {
  const { rules } = facts;
  if (state.status !== 'open' || (state.route && state.route.rulesVersion > rules.version)) return [];
  const { parts, ...route } = routeOf(state, facts);
  const before = state.route;
  const isThere = before?.queue === route.queue && before.priority === route.priority && before.dueAt === route.dueAt;
  const isKept = before?.isMoved === true && before.queue === route.queue;
  const panel = panelFor(route.queue, state, facts, least ?? (isKept ? state.panelSize : 1));
  // Also in the same place it is recorded which rules put it there: older ones, read before, must not move it again.
  if (isThere && before.rulesVersion === route.rulesVersion && panel.panelSize === undefined) return [];
  return [{ type: 'CaseRouted', data: { caseId, ...route, parts, dueAt: toIso(route.dueAt), ...panel } }];
}

export interface MoveCase {
  caseId: string;
  queue: string;
  /** Who moves it, with the token of their claim; a lead needs none. */
  by: string;
  token?: number;
  isLead: boolean;
  note?: string;
  /** The bulk job that does it. */
  jobId?: string;
}

/**
 * Moves an open case to a queue, where it stays for the round, whatever the rules say. It ends the claim and the escalation. Only
 * a lead makes its panel smaller by that. A no-op if somebody moved it there and nobody has claimed it.
 * @throws NotFound case-unknown, queue-unknown
 * @throws Refusal case-parked, case-not-open, claim-lost
 */
export function moveCase(state: Case, move: MoveCase, facts: RoutingFacts & CaseFacts): CaseEvent[] {
  const { caseId, by, note, jobId } = move;
  refuseIncomplete(state, caseId, facts);
  refuseClosed(state, caseId);
  const queue = queueOf(facts.rules, move.queue).id;
  const { claim, reserved, isEscalated, route: before } = state;
  if (before?.isMoved && before.queue === queue && !claim && !reserved && !isEscalated) return [];
  refuseWithoutRight(state, move);
  const more = { ...(note !== undefined && { note }), ...(jobId !== undefined && { jobId }) };
  const moved: CaseEvent = { type: 'CaseMoved', data: { caseId, queue, by, ...more } };
  return [moved, ...routed(fold(caseStream, [moved], state), caseId, facts, move.isLead ? 1 : undefined)];
}

/** Puts a case that a bulk job moved back to where it was: to the queue that somebody moved it to, or where the rules send it. */
export function moveBack(
  state: Case,
  { caseId, by, from }: { caseId: string; by: string; from: BulkEffect },
  facts: RoutingFacts,
): CaseEvent[] {
  const { route, isEscalated } = from;
  const isMoved = route?.isMoved === true && facts.rules.queues.some(({ id }) => id === route.queue);
  const back: CaseEvent[] = [
    {
      type: 'CaseMoved',
      data: { caseId, queue: route?.queue ?? DEFAULT_QUEUE, by, ...(!isMoved && { isByRules: true }) },
    },
    ...(isEscalated ? [{ type: 'CaseEscalated' as const, data: { caseId, by } }] : []),
  ];
  return [...back, ...routed(fold(caseStream, back, state), caseId, facts, isMoved ? from.panelSize : 1)];
}

/** Where somebody moved it, or a lead wants golden or sampled cases, unless that queue is gone; otherwise by the rules. */
function queueFor(state: Case, facts: RoutingFacts): string {
  const { rules } = facts;
  const { route, golden, sample } = state;
  const chosen = route?.isMoved ? route.queue : (golden ?? sample)?.queue;
  if (chosen !== undefined && rules.queues.some(({ id }) => id === chosen)) return chosen;
  return rules.rules.find((one) => meets(state, one, facts))?.queue ?? rules.default;
}

function routeOf(state: Case, facts: RoutingFacts): Omit<Route, 'isMoved'> & { parts: PriorityPart[] } {
  const { rules } = facts;
  const parts = priorityParts(state, facts);
  const priority = parts.reduce((sum, { points }) => sum + points, 0);
  return {
    queue: queueFor(state, facts),
    priority,
    parts,
    dueAt: dueAt(state.openedAt, priority, rules.patienceHours),
    rulesVersion: rules.version,
  };
}

/** Once somebody has judged the case its panel stays, and so does one that an outside tool gave. @param least the smallest panel */
function panelFor(
  queue: string,
  state: Case,
  { rules, panelSize: usual }: RoutingFacts,
  least: number,
): { panelSize?: number } {
  if (state.verdicts.length > 0 || state.isPanelGiven) return {};
  const panelSize = Math.max(least, rules.queues.find(({ id }) => id === queue)?.panel ?? usual);
  return panelSize === state.panelSize ? {} : { panelSize };
}

function meets(
  state: Case,
  { categories, sources, minSeverity, minConfidence }: RoutingRule,
  { severities }: RoutingFacts,
): boolean {
  return (
    (categories === undefined || categories.some((one) => state.categories.has(one))) &&
    (sources === undefined || sources.some((one) => state.sources.has(one))) &&
    (minSeverity === undefined || severityOf(state, severities) >= minSeverity) &&
    (minConfidence === undefined || confidenceOf(state) >= minConfidence)
  );
}
