import type { LateTest } from './late-labels.js';
import type { GateReason, GateVerdict, MissingFigure } from './verdict.js';

type GateOutcome = GateVerdict['outcome'];

/** What begins a stage. */
export const STAGE_CAUSES = [
  'rate-raised',
  'phase-changed',
  'limit-set',
  'parameters-set',
  'model-changed',
  'policy-changed',
  'detector-changed',
  'ladder-changed',
] as const;
export type StageCause = (typeof STAGE_CAUSES)[number];

/** What an outcome is, as an answer to: may the rate rise? */
export const OUTCOME_WORDS: Record<GateOutcome, string> = {
  expand: 'Yes: the evidence supports a higher rate.',
  hold: 'No: keep the rate.',
  brake: 'Stop: admit nobody until this is clear.',
};

export const REASON_WORDS: Record<GateReason | 'no-stage', string> = {
  'no-stage': 'no rate above 0 is set, so there is no evidence yet',
  'cohort-harm': 'a cohort has more confirmed violations than the limit explains',
  'harm-before':
    'a cohort had more confirmed violations than the limit explains; since then no model, policy, detector or ladder has changed, and the exposures of no later stage show that the rate is below the limit',
  'backlog-too-long': 'more cases wait than reviewers can decide in the days that are allowed',
  'figures-stopped': 'figures that existed no longer arrive',
  'figures-missing': 'figures are missing or too old',
  'exposures-insufficient': 'the exposures so far do not show that the rate is below the limit',
  'accounts-insufficient': 'the accounts so far do not show that the rate is below the limit',
  'accounts-over-cap': 'an account has more violations than count of one: raise the cap of an account',
  'late-share-exceeded':
    'more violations come late than is assumed: set a larger share or a longer delay (gatehouse gate set --late-share or --label-delay)',
  'load-too-high': 'reviewers could not keep up with a higher rate',
  'backlog-over-a-day': 'more cases wait than reviewers can decide in the time that a raise allows',
  'deactivations-slow': 'deactivations take over an hour',
};

const MISSING_WORDS: Record<MissingFigure, string> = {
  reviews: 'it is too early to know how many cases reviewers decide',
  'active-people':
    'nobody who is in generated an image in this week or the last, so it is not known how many cases a person makes',
  views: 'the views lack events that were stored over a minute ago',
  exposures: 'no image was exposed for half of the time after which admissions stop',
};

/** What is known of late labels, and what was set. */
export interface LateWords extends Pick<LateTest, 'violations' | 'late' | 'leastShare'> {
  lateShare: number;
  labelDelayDays: number;
}

function lateWords({ violations, late, leastShare, lateShare, labelDelayDays }: LateWords): string {
  const found = `${countWords(late)} of ${countWords(violations)} confirmed violations became known more than ${labelDelayDays} days after the exposure, which is more than the share of ${lateShare} that is assumed`;
  const share =
    leastShare === null ? '' : `a share of at least ${leastShare} (gatehouse gate set --late-share ${leastShare}) or `;
  return `${found}: set ${share}a longer delay (gatehouse gate set --label-delay)`;
}

interface ReasonDetails {
  missing?: readonly MissingFigure[] | undefined;
  late?: LateWords | undefined;
}

/** Why the gate holds or brakes, each in words. */
export const reasonWords = (
  reasons: readonly (keyof typeof REASON_WORDS)[],
  { missing = [], late }: ReasonDetails = {},
): string[] =>
  reasons.flatMap((reason) => {
    if (reason === 'figures-missing' && missing.length > 0) return missing.map((name) => MISSING_WORDS[name]);
    return reason === 'late-share-exceeded' && late ? lateWords(late) : REASON_WORDS[reason];
  });

export const CAUSE_WORDS: Record<StageCause, string> = {
  'rate-raised': 'a higher rate',
  'phase-changed': 'another phase',
  'limit-set': 'another limit',
  'parameters-set': 'other parameters',
  'model-changed': 'another model',
  'policy-changed': 'another policy',
  'detector-changed': 'another detector',
  'ladder-changed': 'another enforcement ladder',
};

/** 2022-05-18T09:00:00.000Z as 2022-05-18 09:00:00 UTC. */
export const timeWords = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

/** With thousands separators. */
export const countWords = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

const counted = (value: number, one: string, more: string): string =>
  `${countWords(value)} ${value === 1 ? one : more}`;
const people = (value: number): string => counted(value, 'person', 'people');

interface OverrideWords {
  outcome: GateOutcome;
  reason: string;
  until: string;
  proposedBy: string;
}

export const overrideWords = ({
  outcome,
  reason,
  until,
  proposedBy,
  approvedBy,
}: OverrideWords & { approvedBy: string }): string =>
  `OVERRIDE until ${timeWords(until)}: ${outcome} instead of what the gate decides (${reason}; proposed by ${proposedBy}, approved by ${approvedBy}).`;

export const proposalWords = ({ outcome, reason, until, proposedBy }: OverrideWords): string =>
  `${proposedBy} proposes ${outcome} instead of what the gate decides, until ${timeWords(until)} (${reason}). Another person has to approve it.`;

export interface EvidenceWords {
  passes: boolean;
  moreCleanExposures: number | null;
  labelDelayDays: number;
  expectedAt: string | null;
}

/** What would end a hold. */
export function changeWords({ passes, moreCleanExposures: more, labelDelayDays, expectedAt }: EvidenceWords): string {
  if (more === null) return 'At the violation rate so far, more exposures are not expected to change that.';
  const from = expectedAt === null ? undefined : timeWords(expectedAt);
  if (passes) {
    return from === undefined
      ? 'The evidence suffices: what else is named has to end.'
      : `The exposures suffice; enough accounts can count on ${from} at the earliest.`;
  }
  const wanted = `${counted(more, 'more exposure', 'more exposures')} without a violation would do, ${counted(labelDelayDays, 'day', 'days')} after ${more === 1 ? 'it arrives' : 'they arrive'}`;
  return from === undefined
    ? `${wanted}; none have arrived in the last week.`
    : `${wanted}; at the earliest on ${from}.`;
}

/** As `a`, `a and b`, `a, b and c`. */
export const listWords = (some: readonly string[]): string =>
  some.length < 2 ? some.join('') : `${some.slice(0, -1).join(', ')} and ${some.at(-1)}`;

interface PhaseWords {
  phase?: string | undefined;
  ceiling?: number | undefined;
  classes?: readonly string[] | undefined;
  restrictions?: readonly string[] | undefined;
}

/** Whom a phase names, and what it restricts; begins with a comma. */
export function phaseTermsText({ classes, restrictions = [] }: PhaseWords): string {
  const whom = classes === undefined ? '' : `, only for ${listWords(classes) || 'nobody'}`;
  return `${whom}${restrictions.length === 0 ? '' : `, with ${listWords(restrictions)} restricted`}`;
}

export const phaseText = (given: PhaseWords): string => {
  const { phase = '', ceiling } = given;
  const most = ceiling === undefined ? 'no ceiling' : `at most ${people(ceiling)} in total`;
  return `${phase} with ${most}${phaseTermsText(given)}`;
};

/** That a ceiling leaves no place. @param total the people who are in */
export const ceilingNote = (ceiling: number | null | undefined, total: number): string =>
  ceiling == null || ceiling > total ? '' : `, with ${people(total)} in already, so that nobody else comes in`;

/** A change in plain words, without a subject. */
export const changeText = ({
  does,
  perWeek,
  daily,
  ...phase
}: PhaseWords & {
  does: string;
  perWeek?: number | undefined;
  daily?: boolean | undefined;
}): string => {
  if (does === 'pause') return 'pause onboarding';
  if (does === 'resume') return 'resume onboarding';
  if (does === 'set-phase') {
    const rate = perWeek === undefined ? '' : `, ${people(perWeek)} a week`;
    return `begin the phase ${phaseText(phase)}${rate}`;
  }
  return `set the rate to ${people(perWeek ?? 0)} a week${daily === undefined ? '' : daily ? ', daily' : ', not daily'}`;
};
