import { toIso } from '../kernel/clock.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import type { Enforcement, Order } from './enforcement.js';
import type { EnforcementEvent } from './events.js';
import { MAX_SECONDS } from './target-events.js';
import type { Targets } from './targets.js';

/* Which targets have carried out an enforcement, or its reversal, and what happens if one does not say so in time. */

const MS_IN_S = 1000;

/** @throws NotFound enforcement-unknown */
function ordered({ order }: Enforcement, id: string): Order {
  if (order) return order;
  throw new NotFound('enforcement-unknown', `no enforcement ${id} is known; check the id`);
}

const causeOf = ({ accountId, caseId, enforcementId }: Order) => ({
  accountId,
  ...(caseId !== undefined && { caseId }),
  ...(enforcementId !== undefined && { enforcementId }),
});

/** The registered targets that have not acknowledged what was asked last. */
export const waitingTargets = ({ asked }: Pick<Enforcement, 'asked'>, { byName }: Targets): string[] =>
  (asked?.waitingFor ?? []).filter((name) => byName.has(name));

/**
 * A no-op if the target has acknowledged what was asked last, or was not asked.
 * @param upTo the position up to which the target has applied the log, if it says so
 * @throws NotFound enforcement-unknown, target-unknown; Refusal acknowledgement-outdated
 */
export function acknowledgeEnforcement(
  state: Enforcement,
  { id, target, upTo }: { id: string; target: string; upTo?: Position | undefined },
  targets: Targets,
): EnforcementEvent[] {
  const order = ordered(state, id);
  if (!targets.byName.has(target)) {
    const known = [...targets.byName.keys()].join(', ') || 'none';
    throw new NotFound('target-unknown', `no target ${target} is registered; the targets are: ${known}`);
  }
  const { asked } = state;
  if (asked && upTo !== undefined && upTo < asked.position) {
    throw new Refusal(
      'acknowledgement-outdated',
      `${target} has applied the log up to position ${upTo}, but was asked at position ${asked.position}: acknowledge once it has applied that`,
    );
  }
  if (!asked?.waitingFor.includes(target)) return [];
  return [{ type: 'EnforcementAcknowledged', data: { ...causeOf(order), target } }];
}

/** What targets that are asked again have to carry out. */
const asking = (state: Enforcement, order: Order, targets: string[]) => ({
  ...causeOf(order),
  targets,
  measure: order.measure,
  ...(order.action !== undefined && { action: order.action }),
  ...(order.until !== undefined && { until: order.until }),
  isReversal: state.status === 'reversed',
});

/** Asks the targets again that have not acknowledged. A no-op if there are none. @throws NotFound enforcement-unknown */
export function redeliverEnforcement(
  state: Enforcement,
  { id, reason }: { id: string; reason: string },
  targets: Targets,
): EnforcementEvent[] {
  const order = ordered(state, id);
  const waiting = waitingTargets(state, targets);
  if (waiting.length === 0) return [];
  return [{ type: 'EnforcementRedelivered', data: { ...asking(state, order, waiting), reason } }];
}

/**
 * Says which targets are overdue, and asks them again. A no-op before that is due.
 * @param now epoch milliseconds
 */
export function noteOverdue(state: Enforcement, targets: Targets, now: number): EnforcementEvent[] {
  const { asked, order } = state;
  if (!asked || !order) return [];
  const overdue = waitingTargets(state, targets).flatMap((name) => {
    const target = targets.byName.get(name)!;
    return now < asked.at + target.deadlineSeconds * MS_IN_S ? [] : [target];
  });
  const backOffMs = (times: number) =>
    Math.min(Math.min(...overdue.map(({ retrySeconds }) => retrySeconds)) * 2 ** times, MAX_SECONDS) * MS_IN_S;
  const isWaiting = asked.attempts > 0 && now < asked.lastAt + backOffMs(asked.attempts - 1);
  if (overdue.length === 0 || isWaiting) return [];
  const names = overdue.map(({ name }) => name);
  return [
    {
      type: 'EnforcementOverdue',
      data: {
        ...asking(state, order, names),
        attempt: asked.attempts + 1,
        nextAttemptAt: toIso(now + backOffMs(asked.attempts)),
      },
    },
  ];
}
