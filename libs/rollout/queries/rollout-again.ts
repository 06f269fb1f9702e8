import { type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import type { Position } from '../../kernel/envelope.js';
import { wayOf } from '../admission.js';
import { admissionPlanStream, endSchedule, setClassPlan, setSchedule, shareCohort } from '../admission-plan.js';
import { withdrawConfirmation } from '../change-ramp.js';
import { closeCohort, type Onboarded, orderClosing } from '../closing-cohort.js';
import { cohortStream, fillCohort, onboardCohort } from '../cohort.js';
import type { RolloutEvent } from '../events.js';
import { CohortAdmitted } from '../events.js';
import { moveGate } from '../gate-move.js';
import { approveOverride, endOverride, proposeOverride } from '../gate-override.js';
import { beginStage, changeDetector, changeModel, seeModel, setGateLimit, setGateParameters } from '../gate-stage.js';
import { batchOf, placesOf } from '../held-places.js';
import { admitInvited, freePlaces, freeUnfilled, holdPlaces } from '../hold-places.js';
import { batchStream, chooseInvited, endChoice } from '../invitation-batch.js';
import { PlacesHeld } from '../invitation-events.js';
import { phaseIn, refuseOnePerson, setPhase } from '../phase.js';
import { endRamp } from '../ramp.js';
import { admitCohort, availableCapacity, type Rollout, resumeOnboarding, rolloutStream, setRate } from '../rollout.js';
import { completeWithdrawal, freeWithdrawn, withdrawInvitations } from '../withdraw-invitations.js';
import { changesAgain, defined, pauseAgain, rampsAgain } from './changes-again.js';

type DataOf<Type extends RolloutEvent['type']> = Extract<RolloutEvent, { type: Type }>['data'];

export const rolloutAgain: DecisionsAgain = decisionsAgain(rolloutStream, {
  OnboardingRateSet: {
    rules: {},
    decide: (state, { perWeek, daily, before: _, ...about }) => setRate(state, perWeek, daily, about),
  },
  OnboardingPaused: { rules: {}, decide: pauseAgain },
  OnboardingResumed: { rules: {}, decide: (state, about) => resumeOnboarding(state, about) },
  RolloutPhaseSet: {
    rules: { 'approval-needed': 'by-two-persons' },
    details: (_, { by, approvedBy }) => ({ 'by-two-persons': `proposed by ${by}, approved by ${approvedBy}` }),
    decide(state, data) {
      const { reason, changeId, by, approvedBy, reverts } = data;
      const about = { reason, ...defined({ changeId, by, approvedBy, reverts }) };
      refuseOnePerson(about);
      return setPhase(state, phaseIn(data), about);
    },
  },
  ...rampsAgain,
  RampConfirmationWithdrawn: { rules: {}, decide: (state, data) => withdrawConfirmation(state, data) },
  RampPlanEnded: { rules: {}, decide: (state, { how, reason, reverts }) => endRamp(state, how, reason, reverts) },
  ...changesAgain,
  CohortAdmitted: {
    rules: {
      'onboarding-paused': 'onboarding-not-paused',
      'gate-braked': 'gate-not-braking',
      'phase-refuses': 'phase-allows-it',
      'rate-not-set': 'rate-set',
      'ceiling-reached': 'within-ceiling',
      'rate-exceeded': 'within-rate',
    },
    details: (state, { size, at }) => ({
      'rate-set': `${state.perWeek ?? 'no'} people in seven days`,
      'within-rate': `${size} of ${availableCapacity(state, Date.parse(at)).available} that may still be admitted`,
    }),
    decide(state, { cohortId, size, accounts = [], priority, batchId, at, selection }) {
      if (batchId !== undefined) {
        const after = batchOf(state.held, batchId)?.admitted ?? 0;
        return admitInvited(state, { batchId, accounts, after, now: Date.parse(at) });
      }
      const asked = {
        ...(selection === 'listed' ? { accounts } : { size }),
        ...(priority !== undefined && { priority }),
      };
      return admitCohort(state, { cohortId, now: Date.parse(at), way: wayOf(cohortId), ...asked });
    },
  },
  CohortClosingOrdered: {
    rules: { 'cohort-unknown': 'cohort-admitted', 'cohort-of-invitations': 'of-the-line' },
    decide: (state, { cohortId, reason }) => orderClosing(state, cohortId, reason),
  },
  CohortClosed: { rules: {}, decide: (state, data) => closeCohort(state, data.cohortId, onboardedOf(data)) },
  PlacesHeld: {
    rules: {
      'onboarding-paused': 'onboarding-not-paused',
      'gate-braked': 'gate-not-braking',
      'phase-refuses': 'phase-allows-it',
      'rate-not-set': 'rate-set',
      'ceiling-reached': 'within-ceiling',
      'rate-exceeded': 'within-rate',
    },
    decide: (state, { batchId, size, accounts, priority, until, at, selection }) =>
      holdPlaces(state, {
        ...{ batchId, until: Date.parse(until), now: Date.parse(at) },
        ...(selection === 'listed' ? { accounts } : { size }),
        ...(priority !== undefined && { priority }),
      }),
  },
  PlacesFreed: {
    rules: {},
    decide: (state, { batchId, places, isOver }) =>
      isOver ? freePlaces(state, batchId) : freeSome(state, batchId, places),
  },
  InvitationsWithdrawn: {
    rules: { 'batch-unknown': 'batch-known', 'batch-decided': 'batch-open' },
    decide: (state, { batchId, reason }) => withdrawInvitations(state, batchId, reason),
  },
  WithdrawalCompleted: {
    rules: {},
    decide: (state, { batchId, people }) => completeWithdrawal(state, batchId, people),
  },
  GateLimitSet: { rules: {}, decide: ({ gate }, { limit, reason }) => setGateLimit(gate, limit, reason) },
  GateParametersSet: {
    rules: {},
    decide: ({ gate }, { reason, ...given }) =>
      setGateParameters(gate, { ...given, plannedStages: given.plannedStages ?? null }, reason),
  },
  ModelChanged: { rules: {}, decide: ({ gate }, { model, reason }) => changeModel(gate, model, reason) },
  ModelSeen: { rules: {}, decide: ({ gate }, { model, imageId }) => seeModel(gate, model, imageId) },
  GateStageBegun: {
    rules: {},
    decide: ({ gate }, data) =>
      data.cause === 'detector-changed' ? changeDetector(gate, data.what, data.reason ?? '') : beginStage(gate, data),
  },
  GateMoved: {
    rules: {},
    details: (_, { position }) => ({
      'changes-something': `by the figures that the event has: gatehouse gate explain counts them again up to position ${position}`,
    }),
    decide: (state, data) => moveAgain(state, data),
  },
  GateOverrideProposed: {
    rules: {
      'invalid-input': 'end-within-a-month',
      'override-in-force': 'no-override-in-force',
      'override-known': 'id-new',
    },
    decide: ({ gate }, data, { actor, now }) => proposeOverride(gate, data, actor.id, now),
  },
  GateOverrideApproved: {
    rules: { 'override-unknown': 'was-proposed', 'same-person': 'by-another-person' },
    decide: ({ gate }, { overrideId }, { actor, now }) => approveOverride(gate, overrideId, actor.id, now),
  },
  GateOverrideEnded: { rules: {}, decide: ({ gate }, { reason }, { now }) => endOverride(gate, reason, now) },
});

export const planAgain: DecisionsAgain = decisionsAgain(admissionPlanStream, {
  ClassPlanSet: {
    rules: { 'invalid-input': 'shares-fit' },
    decide: (state, { mode, classes, reason }) => setClassPlan(state, { mode, classes }, reason),
  },
  AdmissionScheduleSet: {
    rules: { 'invalid-input': 'time-zone-known' },
    decide: (state, { reason, ...schedule }) => setSchedule(state, schedule, reason),
  },
  AdmissionScheduleEnded: { rules: {}, decide: (state, { reason }) => endSchedule(state, reason) },
  CohortShared: { rules: {}, decide: (state, { cohortId, size }) => shareCohort(state, cohortId, size) },
});

function freeSome(state: Rollout, batchId: string, places: number): RolloutEvent[] {
  const batch = batchOf(state.held, batchId);
  if (!batch) return [];
  return batch.withdrawal
    ? freeWithdrawn(state, batchId, placesOf(batch) - places)
    : freeUnfilled(state, batchId, batch.size - places);
}

/** Only their number, the first and the last count. */
const onboardedOf = ({ people, first, last }: DataOf<'CohortClosed'>): Onboarded =>
  people === 0 ? { people } : { people, span: { first: Date.parse(first ?? ''), last: Date.parse(last ?? '') } };

/** More accounts than any evidence needs. */
const ENOUGH = { exposures: 1_000, violations: 0, accounts: 10_000_000 };

/**
 * The gate decides again by the integers of its event. That has the sums of the accounts, but not how they are spread: what the
 * test of the accounts said is therefore as recorded.
 */
function moveAgain({ gate }: Rollout, data: DataOf<'GateMoved'>): RolloutEvent[] {
  const { exposures, accounts, cohorts, late, figures, reasons, perWeek, position } = data;
  const { lateBySeconds, ...counted } = figures;
  const cap = gate.settings.accountCap;
  const groups = [
    ...(reasons.includes('accounts-insufficient') ? [] : [ENOUGH]),
    ...(reasons.includes('accounts-over-cap') ? [{ exposures: cap + 1, violations: cap + 1, accounts: 1 }] : []),
  ];
  const moved = moveGate(
    gate,
    {
      counts: { exposures: exposures.exposures, pending: exposures.pending, confirmed: exposures.confirmed },
      accounts: groups,
      cohorts,
      ...(late && { late }),
      figures: { ...counted, arrived: exposures.arrived },
      at: Date.parse(data.at),
      position,
      positions: Object.fromEntries((data.ahead ?? []).map(({ view, shards }): [string, Position[]] => [view, shards])),
    },
    perWeek,
    lateBySeconds,
  );
  return moved.map((event) => (event.type === 'GateMoved' ? { ...event, data: { ...event.data, accounts } } : event));
}

export const cohortAgain: DecisionsAgain = decisionsAgain(cohortStream, {
  CohortFilled: {
    rules: { 'cohort-full': 'places-left' },
    async decide(state, { cohortId, part, accounts, turns }, { event }) {
      const admitted = await event(
        rolloutStream.category,
        ({ type, data }) => type === CohortAdmitted.type && data.cohortId === cohortId,
      );
      if (!admitted || turns === undefined) return undefined;
      return fillCohort(state, { cohortId, part, accounts, turns, size: admitted.data.size as number });
    },
  },
  CohortOnboarded: {
    rules: {},
    decide: (state, { cohortId, accounts, perWeek }) => onboardCohort(state, { cohortId, accounts, perWeek }),
  },
});

export const batchAgain: DecisionsAgain = decisionsAgain(batchStream, {
  InvitationsChosen: {
    rules: {},
    async decide(state, { batchId, part, accounts, turns, last }, { event }) {
      const held = await event(
        rolloutStream.category,
        ({ type, data }) => type === PlacesHeld.type && data.batchId === batchId,
      );
      if (!held) return undefined;
      if (last && accounts.length === 0) return endChoice(state, batchId);
      return chooseInvited(state, { batchId, part, accounts, turns, size: held.data.size as number });
    },
  },
});
