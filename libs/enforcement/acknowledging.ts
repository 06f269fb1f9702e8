import { toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { type Enforcement, enforcementStream, type Order } from './enforcement.js';
import type { EnforcementEvent } from './events.js';
import { type Consequence, MAX_SECONDS } from './target-events.js';
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
 * @throws NotFound enforcement-unknown, target-unknown; Refusal acknowledgement-outdated, acknowledgement-without-position
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
  if (upTo === undefined && (state.status === 'reversed' || state.orders > 1)) {
    throw new Refusal(
      'acknowledgement-without-position',
      `${id} was reversed or ordered anew, so that it is not clear what ${target} has carried out: name the position up to which it has applied the log`,
    );
  }
  return [{ type: 'EnforcementAcknowledged', data: { ...causeOf(order), target } }];
}

/** What of an enforcement is in force no longer. */
export interface Lifted {
  consequences: readonly Consequence[];
  /** The position of the last event about the account or the image that is considered. */
  asOf?: Position;
}

const NOTHING_LIFTED: Lifted = { consequences: [] };

/** What targets that are asked again have to carry out. */
const asking = (state: Enforcement, order: Order, targets: string[], { consequences, asOf }: Lifted) => ({
  ...causeOf(order),
  targets,
  ...(consequences.length > 0 && { lifted: [...consequences] }),
  ...(asOf !== undefined && { asOf: String(asOf) }),
  measure: order.measure,
  ...(order.action !== undefined && { action: order.action }),
  ...(order.until !== undefined && { until: order.until }),
  isReversal: state.status === 'reversed',
});

/** Of the targets that have not acknowledged, those that carry out nothing of the order but what is lifted. */
function needless(state: Enforcement, { byName }: Targets, lifted: readonly Consequence[]): string[] {
  const { asked, order } = state;
  return (asked?.waitingFor ?? []).filter((name) => {
    const concerned = byName
      .get(name)
      ?.consequences.filter((one) => one === order?.measure || (one === 'withhold' && order?.imageId !== undefined));
    // One without any was asked to undo an earlier measure, which this order replaced.
    return concerned && concerned.length > 0 && concerned.every((one) => lifted.includes(one));
  });
}

/** Asks no more those that would carry out only what was lifted. A no-op if there are none. */
function endAsking(state: Enforcement, targets: Targets, lifted: readonly Consequence[]): EnforcementEvent[] {
  const names = needless(state, targets, lifted);
  if (!state.order || names.length === 0) return [];
  return [{ type: 'EnforcementLifted', data: { ...causeOf(state.order), targets: names, consequences: [...lifted] } }];
}

/**
 * Asks the targets again that have not acknowledged, and no more those that would carry out what was lifted. A no-op if there
 * are none.
 * @throws NotFound enforcement-unknown
 */
export function redeliverEnforcement(
  state: Enforcement,
  { id, reason }: { id: string; reason: string },
  targets: Targets,
  lifted: Lifted = NOTHING_LIFTED,
): EnforcementEvent[] {
  const order = ordered(state, id);
  const ended = endAsking(state, targets, lifted.consequences);
  const waiting = waitingTargets(fold(enforcementStream, ended, state), targets);
  if (waiting.length === 0) return ended;
  return [...ended, { type: 'EnforcementRedelivered', data: { ...asking(state, order, waiting, lifted), reason } }];
}

/**
 * Says which targets are overdue, and asks them again, unless they would carry out what was lifted. A no-op before that is due.
 * @param now epoch milliseconds
 */
export function noteOverdue(
  state: Enforcement,
  targets: Targets,
  now: number,
  lifted: Lifted = NOTHING_LIFTED,
): EnforcementEvent[] {
  const { asked, order } = state;
  if (!asked || !order) return [];
  const ended = endAsking(state, targets, lifted.consequences);
  if (ended.length > 0) return [...ended, ...noteOverdue(fold(enforcementStream, ended, state), targets, now, lifted)];
  const waiting = waitingTargets(state, targets).map((name) => {
    const { deadlineSeconds, retrySeconds } = targets.byName.get(name)!;
    return { name, retrySeconds, deadline: asked.at + deadlineSeconds * MS_IN_S };
  });
  const overdue = waiting.filter(({ deadline }) => deadline <= now);
  const backOffMs = (times: number) =>
    Math.min(Math.min(...overdue.map(({ retrySeconds }) => retrySeconds)) * 2 ** times, MAX_SECONDS) * MS_IN_S;
  // All targets share one back-off, which must not outlast the deadline of one that was not overdue yet.
  const nextAt = (from: number, times: number) =>
    Math.min(from + backOffMs(times), ...waiting.map(({ deadline }) => deadline).filter((deadline) => deadline > from));
  const isWaiting = asked.attempts > 0 && now < nextAt(asked.lastAt, asked.attempts - 1);
  if (overdue.length === 0 || isWaiting) return [];
  const names = overdue.map(({ name }) => name);
  return [
    {
      type: 'EnforcementOverdue',
      data: {
        ...asking(state, order, names, lifted),
        attempt: asked.attempts + 1,
        nextAttemptAt: toIso(nextAt(now, asked.attempts)),
      },
    },
  ];
}
