import type { Circumstances } from '../../context/decisions-again.js';
import { approveChange, proposeChange } from '../approvals.js';
import { confirmStep, setRamp } from '../change-ramp.js';
import { type Asking, changeFields, changeRollout, effectOrLapse, type RateTerms } from '../change-rollout.js';
import { dueChanges } from '../changes.js';
import { cancelPlanned, declineChange } from '../end-changes.js';
import type { RolloutEvent } from '../events.js';
import { pauseOnboarding, type Rollout } from '../rollout.js';

type DataOf<Type extends RolloutEvent['type']> = Extract<RolloutEvent, { type: Type }>['data'];

/**
 * Settings of the deployment, which the log does not have, that refuse no raise. Whether one was confirmed, and by whom it was approved, is in
 * the events.
 */
const NO_TERMS: RateTerms = {
  rateConfirmPercent: Number.POSITIVE_INFINITY,
  ratePerWeekAlone: Number.POSITIVE_INFINITY,
};
/** By the refusal for which a change lapsed: settings by which a raise needs what it lacked. */
const LAPSING_TERMS: Readonly<Record<string, RateTerms>> = {
  'confirmation-needed': { ...NO_TERMS, rateConfirmPercent: 0 },
  'approval-needed': { ...NO_TERMS, ratePerWeekAlone: -1 },
};

const asking = ({ actor, now }: Circumstances): Asking => ({ by: actor.id, now, terms: NO_TERMS });
const confirmed = ({ isConfirmed, perWeek }: { isConfirmed?: boolean; perWeek?: number }) =>
  isConfirmed && perWeek !== undefined ? { confirm: perWeek } : {};

/** How the decisions about changes of the rollout are made again that are planned, proposed, approved and ended. */
export const changesAgain = {
  RolloutChangePlanned: {
    rules: { 'invalid-input': 'time-ahead', 'too-many-planned': 'few-are-planned' },
    details: (_: Rollout, { effectiveAt }: DataOf<'RolloutChangePlanned'>) => ({ 'time-ahead': effectiveAt }),
    decide(state: Rollout, data: DataOf<'RolloutChangePlanned'>, made: Circumstances) {
      // One that was approved follows the approval, with which it was decided.
      if (data.approvedBy !== undefined) return undefined;
      const { changeId, does, perWeek, daily, reason, effectiveAt, reverts } = data;
      const change = { does, perWeek, daily, reason, effectiveAt, reverts, ...confirmed(data) };
      return changeRollout(state, defined(change), { ...asking(made), newId: changeId });
    },
  },
  RolloutChangeProposed: {
    rules: {
      'invalid-input': 'times-fit',
      'change-known': 'id-new',
      'too-many-proposals': 'few-are-open',
    },
    decide: (state: Rollout, data: DataOf<'RolloutChangeProposed'>, made: Circumstances) => {
      const { changeId, reason, expiresAt, effectiveAt, reverts } = data;
      const proposal = { ...changeFields(data), changeId, reason, expiresAt, ...defined({ effectiveAt, reverts }) };
      return proposeChange(state, { ...proposal, ...confirmed(data) }, asking(made));
    },
  },
  ApprovalGiven: {
    rules: {
      ...{ 'proposal-unknown': 'was-proposed', 'same-person': 'by-another-person' },
      'phase-narrowed': 'as-much-allowed-as-proposed',
    },
    details: (_: Rollout, { proposedBy }: DataOf<'ApprovalGiven'>, { actor }: Circumstances) => ({
      'by-another-person': `proposed by ${proposedBy}, approved by ${actor.id}`,
    }),
    decide(state: Rollout, { changeId }: DataOf<'ApprovalGiven'>, made: Circumstances) {
      const perWeek = state.changes.proposed.find((one) => one.changeId === changeId)?.perWeek;
      // The events do not say whether the approver confirmed the rate once more.
      const sure = perWeek === undefined ? {} : { confirm: perWeek };
      return approveChange(state, { changeId, ...sure }, asking(made));
    },
  },
  RolloutChangeEnded: {
    rules: {
      'proposal-unknown': 'was-proposed',
      'planned-change-unknown': 'was-planned',
      'change-in-force': 'not-in-force',
    },
    decide: endAgain,
  },
};

/** How plans of a ramp and confirmations of their steps are made again. What they need by the settings is in the plan itself. */
export const rampsAgain = {
  RampPlanSet: {
    rules: { 'invalid-input': 'steps-ascend', 'rate-not-set': 'rate-set' },
    details: ({ perWeek }: Rollout) => ({ 'rate-set': `${perWeek ?? 'no'} people in seven days` }),
    decide: (state: Rollout, { planId, ...plan }: DataOf<'RampPlanSet'>, made: Circumstances) =>
      setRamp(state, plan, { ...asking(made), newId: planId }),
  },
  RampStepConfirmed: {
    rules: { 'ramp-unknown': 'plan-in-force', 'invalid-input': 'next-step' },
    decide: (state: Rollout, data: DataOf<'RampStepConfirmed'>, made: Circumstances) =>
      confirmStep(state, data, asking(made)),
  },
};

function endAgain(state: Rollout, data: DataOf<'RolloutChangeEnded'>, made: Circumstances): RolloutEvent[] {
  const { changeId, how, reason } = data;
  const { by, now } = asking(made);
  if (how === 'cancelled') return cancelPlanned(state, changeId, reason);
  if (how !== 'lapsed') return declineChange(state, changeId, reason, by, now);
  const due = dueChanges(state.changes, now).find((one) => one.changeId === changeId);
  const lapsed = due ? effectOrLapse(state, due, LAPSING_TERMS[reason.split(':')[0]!] ?? NO_TERMS) : [];
  if (made.isStored(lapsed)) return lapsed;
  // A pause that somebody ordered ends the resumes that were planned before it.
  return pauseAgain(state, { reason }, made);
}

/** One that somebody orders ends planned resumes; one that was planned or approved does not. */
export function pauseAgain(state: Rollout, data: DataOf<'OnboardingPaused'>, made: Circumstances): RolloutEvent[] {
  const { reason, ...about } = data;
  if (about.changeId !== undefined) return pauseOnboarding(state, reason, about);
  const { reverts } = about;
  return changeRollout(state, defined({ does: 'pause', reason, reverts }), { ...asking(made), newId: '' });
}

/** Without the fields that have no value. */
export const defined = <Given extends object>(
  given: Given,
): { [Name in keyof Given]: Exclude<Given[Name], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
