import { countWords, phaseText, timeWords } from '../gate/gate-words.js';
import { toIso } from '../kernel/clock.js';
import { people } from '../kernel/counted.js';
import { fold } from '../kernel/decider.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import type { CHANGES } from './change-events.js';
import { dueChanges, type PlannedChange } from './changes.js';
import type { RolloutEvent } from './events.js';
import {
  isBeforeUnreadable,
  isOtherPhase,
  type Phase,
  phaseBasis,
  phaseIn,
  refuseOnePerson,
  setPhase,
} from './phase.js';
import { endRamp } from './ramp.js';
import { type About, pauseOnboarding, type Rollout, resumeOnboarding, rolloutStream, setRate } from './rollout.js';

/** What of the settings binds a change of the rate. */
export interface RateTerms {
  /** A raise to more than this percentage of the rate has to be confirmed. */
  rateConfirmPercent: number;
  /** A raise to more than this needs the approval of another person. */
  ratePerWeekAlone: number;
}

/** What somebody wants to change. */
export interface Change extends Partial<Phase> {
  does: (typeof CHANGES)[number];
  /** Of `set-rate`, and of `set-phase` if it sets a rate too. */
  perWeek?: number;
  daily?: boolean;
}

/** Only what it changes. */
export const changeFields = ({ does, perWeek, daily, ...phase }: Change): Change => ({
  does,
  ...(perWeek !== undefined && { perWeek }),
  ...(daily !== undefined && { daily }),
  ...(phase.phase !== undefined && phaseIn(phase)),
});

export interface ChangeRequest extends Change {
  reason?: string;
  /** The rate once more, by which a raise over the factor is confirmed. */
  confirm?: number;
  /** RFC 3339; at once if absent. */
  effectiveAt?: string;
  /** The position of the event that this undoes. */
  reverts?: number;
}

/** By whom and when a change is asked for. */
export interface Asking {
  by: string;
  /** Epoch milliseconds. */
  now: number;
  terms: RateTerms;
}

const MOST_PLANNED = 20;

/** What to repeat with a confirmation, and what to propose with; or the remedy of a step, which is not a raise yet. */
type RaiseCommands = { repeat: string; propose: string } | { remedy: string };

/**
 * @param reverts the position of the event that the change undoes
 * @param begins the phase that it begins
 */
export function raiseCommands(
  perWeek: number,
  reverts?: number,
  begins?: Phase,
): Extract<RaiseCommands, { repeat: string }> {
  if (reverts !== undefined) {
    const repeat = `gatehouse rollout revert ${reverts} 'REASON'`;
    return { repeat, propose: `${repeat} --propose ID` };
  }
  return {
    repeat: `gatehouse rate set ${perWeek} 'REASON'`,
    propose: `gatehouse rollout ${begins ? phaseCommand(perWeek, begins) : `propose ${perWeek} 'REASON'`}`,
  };
}

const phaseCommand = (perWeek: number, { phase, ceiling, classes, restrictions }: Phase): string =>
  [
    `propose-phase ${phase} 'REASON'`,
    ...(ceiling === undefined ? [] : [`--ceiling ${ceiling}`]),
    ...(classes === undefined ? [] : [`--classes ${classes.join(',')}`]),
    ...(restrictions === undefined ? [] : [`--restrict ${restrictions.join(',')}`]),
    `--rate ${perWeek}`,
  ].join(' ');

/**
 * What a raise needs: a confirmation over the factor, and a second person above the ceiling.
 * @throws Refusal confirmation-needed (details: confirm, perWeek, factorPercent), approval-needed (details: perWeek, ratePerWeekAlone)
 */
export function refuseRaise(
  { perWeek: before }: Pick<Rollout, 'perWeek'>,
  perWeek: number,
  { isConfirmed, isApproved }: { isConfirmed: boolean; isApproved: boolean },
  { rateConfirmPercent, ratePerWeekAlone }: RateTerms,
  commands: RaiseCommands = raiseCommands(perWeek),
): void {
  if (perWeek <= (before ?? 0)) return;
  // A rate of 0 is one that somebody set to stop admissions; only the first rate is no raise.
  if (before !== undefined && perWeek * 100 > before * rateConfirmPercent && !isConfirmed) {
    throw new Refusal(
      'confirmation-needed',
      `${people(perWeek)} a week ${perWeek === 1 ? 'is' : 'are'} more than ${rateConfirmPercent}% of the present rate of ${countWords(before)}; ` +
        ('remedy' in commands
          ? commands.remedy
          : `if that is what you want, repeat the request with confirm ${perWeek} (${commands.repeat} --confirm ${perWeek})`),
      { confirm: perWeek, perWeek: before, factorPercent: rateConfirmPercent },
    );
  }
  if (perWeek > ratePerWeekAlone && !isApproved) {
    throw new Refusal(
      'approval-needed',
      `${people(perWeek)} a week ${perWeek === 1 ? 'is' : 'are'} more than the ${countWords(ratePerWeekAlone)} that one person may set; ` +
        ('remedy' in commands
          ? commands.remedy
          : `propose it, and let another person approve it (${commands.propose})`),
      { perWeek, ratePerWeekAlone },
    );
  }
}

/** @throws InvalidInput for a confirmation of another figure */
export function isConfirmed({ perWeek, confirm }: Pick<ChangeRequest, 'perWeek' | 'confirm'>): boolean {
  if (confirm !== undefined && confirm !== perWeek) {
    throw new InvalidInput([{ field: '/confirm', message: `must be the rate that it confirms, ${perWeek}` }]);
  }
  return confirm !== undefined;
}

/** The events of a change that takes effect now; none if nothing would change. */
export function changedNow(state: Rollout, change: Change, about: About): RolloutEvent[] {
  const { reason = '', ...rest } = about;
  const { does, perWeek, daily } = change;
  const rateSet = (rate: number): RolloutEvent[] => [
    ...setRate(state, rate, daily ?? state.daily, about),
    ...(rate === state.perWeek ? [] : endRamp(state, 'rate-changed', reason || 'the rate was changed')),
  ];
  switch (does) {
    case 'set-rate':
      return rateSet(perWeek ?? 0);
    case 'set-phase':
      return [
        ...setPhase(state, phaseIn({ ...change, phase: change.phase ?? state.phase.phase }), { reason, ...rest }),
        ...(perWeek === undefined ? [] : rateSet(perWeek)),
      ];
    case 'pause':
      return pauseOnboarding(state, reason, rest);
    case 'resume':
      return resumeOnboarding(state, about);
  }
}

/** The state at a time, if all that is planned by then takes effect. @param until epoch milliseconds */
export const expectedAt = (state: Rollout, until: number): Rollout =>
  dueChanges(state.changes, until).reduce((one, plan) => fold(rolloutStream, effectOf(one, plan), one), state);

const effectOf = (state: Rollout, plan: PlannedChange): RolloutEvent[] => {
  const { changeId, by, approvedBy, reverts, reason } = plan;
  const cause = { ...(approvedBy !== undefined && { approvedBy }), ...(reverts !== undefined && { reverts }) };
  return changedNow(state, plan, { changeId, by, reason, ...cause });
};

/**
 * Changes the rate, pauses or resumes: at once, or planned for a time.
 * @throws InvalidInput for a missing reason, a confirmation of another figure, a time that is not ahead
 * @throws Refusal confirmation-needed, approval-needed, too-many-planned
 */
export function changeRollout(
  state: Rollout,
  request: ChangeRequest,
  asking: Asking & { newId: string },
): RolloutEvent[] {
  const { now, terms, newId } = asking;
  const { does, perWeek, daily, reason, effectiveAt, reverts } = request;
  const isSure = isConfirmed(request);
  const at = effectiveAt === undefined ? now : aheadTime(effectiveAt, now);
  const expected = expectedAt(state, at);
  const undoes = reverts === undefined ? {} : { reverts };
  const about = { ...(reason !== undefined && { reason }), ...undoes };
  const events = [
    ...changedNow(state, request, about),
    ...(effectiveAt === undefined ? noResumes(state, request) : []),
  ];
  if (effectiveAt === undefined && events.length === 0) return [];
  if (does === 'set-phase') refuseOnePerson({});
  if (reason === undefined && does !== 'resume' && (state.perWeek !== undefined || effectiveAt !== undefined)) {
    throw new InvalidInput([{ field: '/reason', message: 'must say why: only the first rate needs no reason' }]);
  }
  if (perWeek !== undefined) {
    const given = { isConfirmed: isSure, isApproved: false };
    refuseRaise(expected, perWeek, given, terms, raiseCommands(perWeek, reverts));
  }
  if (effectiveAt === undefined) return events;
  const isPlanned = state.changes.planned.some(
    (one) => one.does === does && one.perWeek === perWeek && one.daily === daily && Date.parse(one.effectiveAt) === at,
  );
  if (isPlanned) return [];
  if (state.changes.planned.length >= MOST_PLANNED) {
    throw new Refusal('too-many-planned', `${MOST_PLANNED} changes are planned already; cancel one of them first`);
  }
  return [
    {
      type: 'RolloutChangePlanned',
      data: {
        ...{ changeId: newId, ...changeFields(request), ...basisOf(expected, request), ...undoes },
        ...(isSure && { isConfirmed: true }),
        ...{ reason: reason ?? 'no reason was given', effectiveAt: toIso(at) },
      },
    },
  ];
}

/** A pause that somebody orders now lasts until somebody resumes: no resume that was planned before it ends it. */
function noResumes({ changes }: Rollout, { does, reason = '' }: ChangeRequest): RolloutEvent[] {
  if (does !== 'pause') return [];
  return changes.planned
    .filter((plan) => plan.does === 'resume')
    .map(({ changeId }) => ({ type: 'RolloutChangeEnded', data: { changeId, how: 'lapsed', reason } }));
}

/** What a change was compared with. */
export const basisOf = ({ perWeek, phase }: Rollout, change: Change) => ({
  ...(change.perWeek !== undefined && perWeek !== undefined && { before: perWeek }),
  ...(change.does === 'set-phase' && phaseBasis(phase)),
});

/** @throws InvalidInput for a time that is not ahead */
export function aheadTime(effectiveAt: string, now: number): number {
  const at = Date.parse(effectiveAt);
  if (at > now) return at;
  const message = `must be after now, which is ${toIso(now)}; leave it out to change it at once`;
  throw new InvalidInput([{ field: '/effectiveAt', message }]);
}

/**
 * What is due by the clock takes effect, in the order of its times. A raise that no longer has what it needs lapses: the rate was lowered
 * since by somebody, so that it would be another raise than the one that was confirmed. So does a phase, if less was allowed since.
 * @param now epoch milliseconds
 */
export function takeEffect(state: Rollout, now: number, terms: RateTerms): RolloutEvent[] {
  const events: RolloutEvent[] = [];
  let current = state;
  for (const plan of dueChanges(state.changes, now)) {
    const own = effectOrLapse(current, plan, terms);
    events.push(...own);
    current = fold(rolloutStream, own, current);
  }
  return events;
}

/** What one that is due comes to. */
export function effectOrLapse(state: Rollout, plan: PlannedChange, terms: RateTerms): RolloutEvent[] {
  const { changeId, perWeek } = plan;
  const lapsed = (reason: string): RolloutEvent[] => [
    { type: 'RolloutChangeEnded', data: { changeId, how: 'lapsed', reason } },
  ];
  if (isOtherRaise(state, plan))
    return lapsed(`the rate was lowered to ${state.perWeek ?? 0} before it was due on ${timeWords(plan.effectiveAt)}`);
  if (isBeforeUnreadable(state, plan))
    return lapsed(
      `an event that came after it, at position ${state.phaseUnreadable}, may have set the phase and can't be read`,
    );
  if (isOtherPhase(state, plan))
    return lapsed(`the phase was set to ${phaseText(state.phase)} before it was due on ${timeWords(plan.effectiveAt)}`);
  const given = { isConfirmed: isStillConfirmed(state, plan), isApproved: plan.approvedBy !== undefined };
  const refusal = perWeek === undefined ? undefined : dueRefusal(() => refuseRaise(state, perWeek, given, terms));
  if (refusal) {
    return lapsed(
      `${refusal.code}: the rate was ${state.perWeek ?? 0} when it was due on ${timeWords(plan.effectiveAt)}`,
    );
  }
  const events = effectOf(state, plan);
  return events.length > 0 ? events : lapsed('nothing was left to change when it was due');
}

/** Whether a change would raise a rate that was lowered since somebody decided it: that is another raise than theirs. */
export const isOtherRaise = (
  { perWeek: present = 0 }: Pick<Rollout, 'perWeek'>,
  { perWeek, before = 0 }: { perWeek?: number; before?: number },
): boolean => perWeek !== undefined && perWeek > present && present < before;

/** A confirmation is about the raise that was shown with it, and about smaller ones. */
export const isStillConfirmed = (
  { perWeek = 0 }: Pick<Rollout, 'perWeek'>,
  { isConfirmed: wasConfirmed = false, before = 0 }: { isConfirmed?: boolean; before?: number },
): boolean => wasConfirmed && perWeek >= before;

/** Why what is due is not done now. */
export function dueRefusal(check: () => void): Refusal | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Decides after what is due: a change that somebody makes now comes after one that was planned for earlier. */
export function afterDue(
  state: Rollout,
  { now, terms }: Pick<Asking, 'now' | 'terms'>,
  decide: (state: Rollout) => readonly RolloutEvent[],
): readonly RolloutEvent[] {
  const due = takeEffect(state, now, terms);
  return due.length === 0 ? decide(state) : [...due, ...decide(fold(rolloutStream, due, state))];
}
