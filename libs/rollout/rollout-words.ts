import {
  ceilingNote,
  changeText,
  changeWords,
  countWords,
  listWords,
  overrideWords,
  phaseText,
  proposalWords,
  reasonWords,
  timeWords,
} from '../gate/gate-words.js';
import type { ReviewLoad } from '../gate/review-load.js';
import { toIso } from '../kernel/clock.js';
import { counted, people } from '../kernel/counted.js';
import type { Actor } from '../kernel/envelope.js';
import { openProposals } from './changes.js';
import type { GateReading } from './gate-move.js';
import { overrideInForce, proposalOf } from './gate-override.js';
import { heldNow } from './held-places.js';
import { type DelayedCohort, delayedCohorts } from './late-onboarding.js';
import { entryWords, FIRST_PHASE, isSamePhase, type Phase } from './phase.js';
import { nextStep, type Ramp, type RampStep, type StepNeed, stepDueAt } from './ramp.js';
import { availableCapacity, peopleInTotal, peopleInWindow, type Rollout } from './rollout.js';
import type { Schedule } from './schedule.js';
import { nextSlice } from './scheduled-slice.js';

interface LastChange extends Partial<Phase> {
  approvedBy?: string;
  type: 'OnboardingRateSet' | 'OnboardingPaused' | 'OnboardingResumed' | 'RolloutPhaseSet';
  time: string;
  actor: Actor;
  perWeek?: number;
  reason?: string;
}

/** People who wait: all, those of them who may come in, and those who have to confirm their address first. */
interface Line {
  waiting: number;
  eligible: number;
  unconfirmed: number;
}

/** What is known beside the rollout. */
interface KnownBeside {
  /** Undefined if the evidence was not read. */
  reading?: GateReading | undefined;
  /** Whether it can't be read yet. */
  isIncomplete?: true | undefined;
  /** Of the next step of the ramp plan. */
  needs?: readonly StepNeed[];
  last?: LastChange | undefined;
  /** Of slices; undefined for none. */
  schedule?: Schedule | undefined;
  /** Undefined if it was not counted. */
  line?: Line;
}

/**
 * The rollout in plain words: the rate, the people of this window, the next slice, what the gate says and why, what would change
 * it, and who changed what last.
 * @param now epoch milliseconds
 */
export function rolloutWords(
  rollout: Rollout,
  now: number,
  { reading, isIncomplete, needs = [], last, schedule, line }: KnownBeside = {},
): string[] {
  const { gate } = rollout;
  const override = overrideInForce(gate, now);
  const proposal = proposalOf(gate, now);
  return [
    ...(override ? [overrideWords(override)] : []),
    ...(proposal ? [proposalWords(proposal)] : []),
    ...rateWords(rollout, now),
    ...phaseWords(rollout),
    ...(line ? lineWords(line) : []),
    ...pendingWords(rollout, now),
    ...delayedCohorts(rollout, now).map(delayedWords),
    sliceWords(rollout, now, schedule),
    ...rampWords(rollout, needs),
    ...gateWords(rollout, reading, now),
    ...(isIncomplete ? [incompleteWords(rollout, now)] : []),
    ...(last ? [lastWords(last)] : []),
  ];
}

function rateWords(rollout: Rollout, now: number): string[] {
  const { perWeek, paused, pauseReason } = rollout;
  if (perWeek === undefined) return ['No rate is set: nobody may be onboarded.'];
  const { available, moreAt } = availableCapacity(rollout, now);
  const inWindow = peopleInWindow(rollout, now);
  const more = moreAt === undefined ? '' : `, and further ones from ${timeWords(toIso(moreAt))} on`;
  return [
    `The rate is ${people(perWeek)} in any seven days.`,
    `${countWords(inWindow)} of ${people(perWeek)} ${inWindow === 1 ? 'counts' : 'count'} in this window; ${countWords(available)} more ${available === 1 ? 'fits' : 'fit'} into it now${more}.`,
    ...heldWords(heldNow(rollout.held)),
    ...(paused ? [`Onboarding is paused: ${pauseReason ?? ''}.`] : []),
  ];
}

const heldWords = (held: number): string[] =>
  held === 0 ? [] : [`${counted(held, 'place is', 'places are')} held for invitations that are not decided.`];

/** Nothing as long as nobody has set a phase: then everything is as it was before there were phases. */
function phaseWords(rollout: Rollout): string[] {
  const { phase, ceiling } = rollout.phase;
  if (rollout.phaseUnreadable !== undefined)
    return [
      `The event at position ${rollout.phaseUnreadable}, which may have set the phase, can't be read: nobody comes in until two persons set one.`,
    ];
  if (isSamePhase(rollout.phase, FIRST_PHASE)) return [];
  const total = peopleInTotal(rollout);
  const came = `${people(total)} came in so far`;
  const most =
    ceiling === undefined
      ? `; ${came}, without a ceiling`
      : `; ${came}, of ${countWords(ceiling)} at most${ceilingNote(ceiling, total)}`;
  return [`The phase is ${phase}: people come in by ${entryWords(phase)}${most}.`, ...termsWords(rollout.phase)];
}

function lineWords({ waiting, eligible, unconfirmed }: Line): string[] {
  const confirm = `${unconfirmed === 1 ? 'has to confirm its' : 'have to confirm their'} address first.`;
  if (waiting === 0)
    return [
      unconfirmed === 0 ? 'Nobody waits in the line.' : `Nobody waits in the line: ${people(unconfirmed)} ${confirm}`,
    ];
  const first = unconfirmed === 0 ? '' : ` ${countWords(unconfirmed)} more ${confirm}`;
  const who = `${people(waiting, ['waits', 'wait'])} in the line`;
  if (eligible === waiting) return [`${who}.${first}`];
  return [
    `${who}, of whom ${countWords(eligible)} may come in: the others are hold-outs, or of classes that the phase or the class plan leaves out.${first}`,
  ];
}

const termsWords = ({ classes, restrictions = [] }: Phase): string[] => [
  ...(classes === undefined ? [] : [`Only people of ${listWords(classes)} come in.`]),
  ...(restrictions.length === 0 ? [] : [`The phase restricts ${listWords(restrictions)} for everybody until it ends.`]),
];

/** What is planned or waits for an approval. */
const pendingWords = (rollout: Rollout, now: number): string[] => [
  ...rollout.changes.planned.map(
    (one) =>
      `Planned for ${timeWords(one.effectiveAt)}: ${changeText(one)}${ceilingNote(one.ceiling, peopleInTotal(rollout))} (${one.by}: ${one.reason}).`,
  ),
  ...openProposals(rollout.changes, now).map(
    (one) =>
      `${one.by} proposes to ${changeText(one)}${ceilingNote(one.ceiling, peopleInTotal(rollout))} (${one.reason}). Another person has to approve ${one.changeId} by ${timeWords(one.expiresAt)}.`,
  ),
];

function delayedWords({ cohortId, people: left, until, holdsLine, isClosing }: DelayedCohort): string {
  const who = `The ${people(left)} of cohort ${cohortId}`;
  const when = `${left === 1 ? 'comes' : 'come'} in from ${timeWords(toIso(until))} on, when people onboarded by a wrong clock are seven days past`;
  if (isClosing) return `Cohort ${cohortId} is being closed with those who are in.`;
  if (!holdsLine) return `${who} ${when}.`;
  return `${who} ${when}; until then nobody else is chosen from the line and no invitation is sent. What would change it: closing it with those who are in (gatehouse cohort close ${cohortId} 'REASON').`;
}

function sliceWords(rollout: Rollout, now: number, schedule?: Schedule): string {
  const next = nextSlice(rollout, schedule, now);
  if (next) return `The next slice, of up to ${people(next.people)}, is due on ${timeWords(toIso(next.at))}.`;
  return schedule || rollout.daily ? 'No further slice is due.' : 'Cohorts are admitted by hand.';
}

function rampWords({ ramp }: Rollout, needs: readonly StepNeed[]): string[] {
  if (!ramp) return [];
  const next = nextStep(ramp);
  if (!next) return [`All steps of ramp plan ${ramp.planId} were made.`];
  const when = needs.length === 0 ? 'now' : `when ${listWords(needs.map((need) => NEED_WORDS[need](ramp, next)))}`;
  return [
    `Ramp plan ${ramp.planId} of ${ramp.by} (${ramp.reason}): the next step is ${people(next.perWeek)} a week, ${when}.`,
  ];
}

const NEED_WORDS: Record<StepNeed, (ramp: Ramp, step: RampStep) => string> = {
  days: (ramp, step) => `it is ${timeWords(toIso(stepDueAt(ramp, step)))}`,
  exposures: (_, { exposures = 0 }) => `${counted(exposures, 'exposure counts', 'exposures count')} in this stage`,
  gate: () => 'the gate supports it',
  traffic: () => 'images are exposed again',
  views: () => 'the views have caught up',
  confirmation: ({ planId }, { perWeek }) =>
    `an operator confirms it (gatehouse rollout confirm-step ${planId} ${perWeek})`,
  terms: () => 'another plan is set, because the settings ask for a consent that this one lacks',
  override: () => 'the override that holds the rate ends',
  resumption: () => 'onboarding is resumed',
  'due-change': () => 'the change that is due has taken effect',
};

const OVERRIDDEN = {
  expand: 'Because of the override, a higher rate counts as supported.',
  hold: 'Because of the override, people are admitted at the set rate.',
};

function gateWords({ gate }: Rollout, reading: GateReading | undefined, now: number): string[] {
  const { move, settings, stage } = gate;
  if (!stage) return ['The gate holds: no rate above 0 is set, so there is no evidence yet.'];
  const verb = { expand: 'supports a higher rate', hold: 'holds the rate', brake: 'has stopped admissions' };
  const since = move ? ` since ${timeWords(move.at)}` : '';
  const said = `The gate ${verb[move?.outcome ?? 'hold']}${since}.`;
  const override = overrideInForce(gate, now);
  const isOverridden = override !== undefined && override.outcome !== (move?.outcome ?? 'hold');
  const { reasons = move?.reasons ?? [], missing, late } = reading?.verdict ?? {};
  const why = reasonWords(reasons, { missing, late: late && { ...settings, ...late } });
  return [
    said,
    ...(isOverridden ? [OVERRIDDEN[override.outcome]] : []),
    ...(why.length > 0 ? [`Why: ${why.join('; ')}.`] : []),
    ...(reading ? [capacityWords(reading.load)] : []),
    ...(reading && reading.verdict.outcome !== 'expand' ? [wouldChange(reading, settings.labelDelayDays)] : []),
  ];
}

const incompleteWords = ({ gate }: Rollout, now: number): string => {
  const until =
    gate.move && !overrideInForce(gate, now) ? 'Until it is, nobody is admitted.' : 'People are admitted meanwhile.';
  return `The evidence is not complete: its views are being built, or it is being counted. ${until}`;
};

/** What the raise that is asked about would bring to reviewers. */
function capacityWords({
  people: total,
  peopleAfter,
  activePeople,
  casesPerDay,
  casesPerDayAfter,
  supplyPerDay,
}: ReviewLoad) {
  const active = `${countWords(activePeople)} of ${countWords(total)} people who are in generated images in a week`;
  if (casesPerDayAfter === null)
    return `Capacity: ${active}, so it is not known what more people would bring to reviewers.`;
  const can = supplyPerDay === null ? '' : `, of ${countWords(supplyPerDay)} that reviewers can decide`;
  return `Capacity: ${active}; ${caseWords(casesPerDay)} cases come a day, and ${caseWords(casesPerDayAfter)} would with ${counted(peopleAfter - total, 'more person', 'more people')}${can}.`;
}

/** Of few, a tenth matters. */
const caseWords = (cases: number): string => (cases < 10 ? String(Number(cases.toFixed(1))) : countWords(cases));

function wouldChange({ verdict, expectedAt }: GateReading, labelDelayDays: number): string {
  const { outcome, exposures } = verdict;
  if (outcome === 'brake')
    return 'What would change it: the causes end; after harm, the model, the policy, a detector or the ladder is changed, or the exposures of a later stage show a rate below the limit; or two persons override it.';
  const { passes, moreCleanExposures } = exposures;
  const iso = expectedAt === undefined ? null : toIso(expectedAt);
  return `What would change it: ${changeWords({ passes, moreCleanExposures, labelDelayDays, expectedAt: iso })}`;
}

function lastWords({ type, time, actor, approvedBy, perWeek, reason, ...phase }: LastChange): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  const did = {
    OnboardingRateSet: `set the rate to ${people(perWeek ?? 0)} a week${why}`,
    OnboardingPaused: `paused onboarding (${reason ?? ''})`,
    RolloutPhaseSet: `began the phase ${phaseText(phase)}${why}`,
    OnboardingResumed: `resumed onboarding${why}`,
  };
  const approved = approvedBy === undefined ? '' : `, approved by ${approvedBy}`;
  return `Last change: ${actor.id} ${did[type]} on ${timeWords(time)}${approved}.`;
}
