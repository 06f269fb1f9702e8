import { DAY_MS, toIso } from '../kernel/clock.js';
import type { EventPlace } from '../kernel/decider.js';
import { InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import type { RolloutEvent } from './events.js';
import type { GateMove, GateOutcome } from './last-move.js';

/** Longer, and it is no exception any more. */
export const LONGEST_OVERRIDE_DAYS = 30;

type DataOf<Type extends RolloutEvent['type']> = Extract<RolloutEvent, { type: Type }>['data'];

export interface Override {
  overrideId: string;
  /** What holds instead of what the gate decides. */
  outcome: 'expand' | 'hold';
  reason: string;
  /** RFC 3339. */
  until: string;
  proposedBy: string;
}

export interface ApprovedOverride extends Override {
  approvedBy: string;
}

/** The latest of each; whether one is in force is a question to the clock too. */
export interface Overrides {
  proposed?: Override;
  approved?: ApprovedOverride;
  /** The ids of the latest proposals, whatever became of them. */
  known: readonly string[];
}

const KNOWN_KEPT = 200;

type OverrideEvent = Extract<
  RolloutEvent,
  { type: 'GateOverrideProposed' | 'GateOverrideApproved' | 'GateOverrideEnded' }
>;

export function evolveOverrides(before: Overrides, { type, data }: OverrideEvent, { actor }: EventPlace): Overrides {
  const { proposed, approved, ...rest } = before;
  switch (type) {
    case 'GateOverrideProposed':
      return {
        ...before,
        proposed: { ...data, proposedBy: actor.id },
        known: [...before.known.filter((id) => id !== data.overrideId), data.overrideId].slice(-KNOWN_KEPT),
      };
    case 'GateOverrideApproved':
      return { ...rest, approved: { ...data, approvedBy: actor.id } };
    case 'GateOverrideEnded':
      return {
        ...rest,
        ...(proposed && proposed.overrideId !== data.overrideId && { proposed }),
        ...(approved && approved.overrideId !== data.overrideId && { approved }),
      };
  }
}

/** What overrides are about. */
interface Overridden {
  overrides: Overrides;
  move?: GateMove;
}

const isOpen = ({ until }: Override, now: number): boolean => Date.parse(until) > now;

/** The override in force. @param now epoch milliseconds */
export const overrideInForce = ({ overrides: { approved } }: Overridden, now: number) =>
  approved && isOpen(approved, now) ? approved : undefined;

/** The one that waits for its approval. */
export const proposalOf = ({ overrides: { proposed } }: Overridden, now: number) =>
  proposed && isOpen(proposed, now) ? proposed : undefined;

/** What holds: what the gate last decided, or what overrides it. Without a decision it holds. */
export const outcomeInForce = (gate: Overridden, now: number): GateOutcome =>
  overrideInForce(gate, now)?.outcome ?? gate.move?.outcome ?? 'hold';

/** Why nobody may be admitted now; undefined if people may. @param now epoch milliseconds */
export function stopOf(gate: Overridden, now: number): Refusal | undefined {
  if (outcomeInForce(gate, now) !== 'brake') return undefined;
  const { reasons = [], position = 0 } = gate.move ?? {};
  return new Refusal(
    'gate-braked',
    `the gate has stopped admissions (${reasons.join(', ')}; decided at position ${position}); ` +
      'remove the cause, or have two persons override the gate (gatehouse gate override)',
    { reasons },
  );
}

/** Whether the gate has supported a higher rate in a stage, or an override says so. What a ramp asks before its next step. */
export const isExpandedSince = (gate: Overridden, stage: number, now: number): boolean =>
  overrideInForce(gate, now)?.outcome === 'expand' || (gate.move?.outcome === 'expand' && gate.move.stage >= stage);

/**
 * An approval names nothing but the id: so what waits under one stays what it was as somebody read it.
 * @throws InvalidInput for an end in the past or too far away; Refusal override-in-force, override-known
 */
export function proposeOverride(
  gate: Overridden,
  given: DataOf<'GateOverrideProposed'>,
  by: string,
  now: number,
): RolloutEvent[] {
  const last = now + LONGEST_OVERRIDE_DAYS * DAY_MS;
  const end = Date.parse(given.until);
  if (end <= now || end > last) {
    const message = `must be after now and at most ${LONGEST_OVERRIDE_DAYS} days away, until ${toIso(last)}`;
    throw new InvalidInput([{ field: '/until', message }]);
  }
  const inForce = overrideInForce(gate, now);
  if (inForce) {
    throw new Refusal(
      'override-in-force',
      `override ${inForce.overrideId} is in force until ${inForce.until}; end it before you propose another`,
    );
  }
  const proposed = proposalOf(gate, now);
  const { overrideId } = given;
  const isSame =
    proposed?.overrideId === overrideId &&
    proposed.outcome === given.outcome &&
    proposed.reason === given.reason &&
    Date.parse(proposed.until) === end;
  if (isSame && proposed.proposedBy === by) return [];
  if (!isSame && gate.overrides.known.includes(overrideId)) {
    throw new Refusal('override-known', `override ${overrideId} was proposed before; choose another id`);
  }
  return [{ type: 'GateOverrideProposed', data: given }];
}

/** @throws NotFound override-unknown; Refusal same-person */
export function approveOverride(gate: Overridden, overrideId: string, by: string, now: number): RolloutEvent[] {
  if (overrideInForce(gate, now)?.overrideId === overrideId) return [];
  const proposed = proposalOf(gate, now);
  if (proposed?.overrideId !== overrideId) {
    throw new NotFound(
      'override-unknown',
      gate.overrides.known.includes(overrideId)
        ? `no override ${overrideId} waits for an approval: it has ended, expired or been replaced; propose it under another id`
        : `no override ${overrideId} waits for an approval; check the id (gatehouse gate show), or propose one first`,
    );
  }
  const { proposedBy } = proposed;
  if (proposedBy === by) {
    throw new Refusal('same-person', `${by} proposed override ${overrideId}; another person has to approve it`);
  }
  return [{ type: 'GateOverrideApproved', data: proposed }];
}

/** Ends the override in force, and a proposal. */
export function endOverride(gate: Overridden, reason: string, now: number): RolloutEvent[] {
  const open = [overrideInForce(gate, now), proposalOf(gate, now)];
  return open.flatMap((one) =>
    one ? [{ type: 'GateOverrideEnded' as const, data: { overrideId: one.overrideId, reason } }] : [],
  );
}
