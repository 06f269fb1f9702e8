import { Refusal } from '../kernel/errors.js';
import { proposeChange } from './approvals.js';
import { type Asking, type Change, changeRollout } from './change-rollout.js';
import { cancelPlanned, declineChange } from './end-changes.js';
import type { RolloutEvent } from './events.js';
import type { Phase } from './phase.js';
import type { Ramp } from './ramp.js';
import { revertRamp, tooLate } from './revert-ramp.js';
import type { Rollout } from './rollout.js';

/** What was changed, and what there was before. */
export interface Reverted {
  event: Extract<RolloutEvent, { type: string }>;
  before: { perWeek: number | null; daily: boolean; ramp: Ramp | null; phase: Phase };
}

export interface RevertRequest {
  /** Of the event that is reverted. */
  position: number;
  reason: string;
  confirm?: number;
  /** If given, the revert is proposed under this id, for another person to approve. */
  changeId?: string;
}

/**
 * Brings back what there was before a change; the same rules hold as for any other change. A planned change is cancelled, a proposal
 * withdrawn or refused.
 * @throws Refusal not-revertible; whatever `changeRollout` and `proposeChange` throw
 */
export function revertChange(
  state: Rollout,
  { event, before }: Reverted,
  { position, reason, confirm, changeId }: RevertRequest,
  asking: Asking & { newId: string },
): RolloutEvent[] {
  const how = { reason, ...(confirm !== undefined && { confirm }), reverts: position };
  const change = (given: Change): RolloutEvent[] =>
    changeId === undefined
      ? changeRollout(state, { ...given, ...how }, asking)
      : proposeChange(state, { changeId, ...given, ...how }, asking);
  const { type, data } = event;
  switch (type) {
    case 'OnboardingRateSet':
      return change({ does: 'set-rate', perWeek: before.perWeek ?? 0, daily: before.daily });
    case 'RolloutPhaseSet':
      return change({ does: 'set-phase', ...before.phase });
    case 'OnboardingPaused':
      return change({ does: 'resume' });
    case 'OnboardingResumed':
      return change({ does: 'pause' });
    case 'RolloutChangePlanned':
      if (!isIn(state.changes.planned, data.changeId)) throw tooLate(position, 'is planned no longer');
      return cancelPlanned(state, data.changeId, reason);
    case 'RolloutChangeProposed': {
      if (!isIn(state.changes.proposed, data.changeId)) throw tooLate(position, 'waits for no approval any more');
      return declineChange(state, data.changeId, reason, asking.by, asking.now);
    }
    case 'RampPlanSet':
    case 'RampStepConfirmed':
    case 'RampConfirmationWithdrawn':
    case 'RampPlanEnded':
      return revertRamp(state, { event, before: before.ramp }, { position, reason }, asking);
    case 'InvitationsWithdrawn':
      throw new Refusal(
        'not-revertible',
        `the invitations of batch ${data.batchId} can't be sent again, since their people are in the line and may be chosen; invite them with another batch (gatehouse cohort invite)`,
      );
    default:
      throw new Refusal(
        'not-revertible',
        `the event at position ${position} (${type}) changed neither the rate, a pause, the phase nor a ramp plan; revert the one that did (gatehouse rollout history)`,
      );
  }
}

const isIn = (changes: readonly { changeId: string }[], id: string): boolean =>
  changes.some(({ changeId }) => changeId === id);
