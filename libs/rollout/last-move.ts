import type { GateReason } from '../gate/verdict.js';
import type { EventPlace } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import type { RolloutEvent } from './events.js';

export type GateOutcome = 'expand' | 'hold' | 'brake';
type Moved = Extract<RolloutEvent, { type: 'GateMoved' }>['data'];

/** The last move, as far as the rollout depends on it. */
export interface GateMove {
  outcome: GateOutcome;
  reasons: readonly GateReason[];
  /** The ordinal of the stage that it was about. */
  stage: number;
  /** Of its event. */
  position: Position;
  /** When it was decided, RFC 3339. */
  at: string;
  /** The evidence that it was decided by. */
  evidence: Position;
}

export const moveOf = (
  { outcome, reasons, stage, position: evidence }: Moved,
  { position, time }: EventPlace,
): GateMove => ({
  ...{ outcome, reasons, stage, position, at: time, evidence },
});
