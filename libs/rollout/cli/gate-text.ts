import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, pairs, table, time } from '../../cli/rendering/table.js';
import type { GateAnswer } from '../queries/show-gate.js';

const ANSWERS: Record<GateAnswer['outcome'], string> = {
  expand: 'Yes: the evidence supports a higher rate.',
  hold: 'No: keep the rate.',
  brake: 'Stop: admit nobody until this is clear.',
};

const REASONS: Record<GateAnswer['reasons'][number], string> = {
  'no-stage': 'no rate above 0 is set, so there is no evidence yet',
  'cohort-harm': 'a cohort has more confirmed violations than the limit explains',
  'backlog-too-long': 'more cases wait than reviewers decide in three days',
  'figures-missing': 'it is too early to know how many cases reviewers decide',
  'exposures-insufficient': 'the exposures so far do not show that the rate is below the limit',
  'accounts-insufficient': 'the accounts so far do not show that the rate is below the limit',
  'load-too-high': 'reviewers could not keep up with a higher rate',
  'backlog-over-a-day': 'more cases wait than reviewers decide in a day',
};

const CAUSES = {
  'rate-raised': 'a higher rate',
  'limit-set': 'another limit',
  'parameters-set': 'other parameters',
  'model-changed': 'another model',
};

/** What `gatehouse gate show` prints. */
export function gateText(gate: GateAnswer): Shown {
  const { outcome, reasons, stage, settings, exposures, accounts, harm, load } = gate;
  const cohorts = harm.map((one) => [one.cohortId, one.exposures, one.confirmed, share(one.lower), one.isHarm]);
  return paragraphs([
    lines([line`${ANSWERS[outcome]}`, ...reasons.map((reason) => line`- ${REASONS[reason]}`)]),
    pairs([
      ['stage', stage && `${stage.ordinal}, since ${time(stage.at)} (${CAUSES[stage.cause]})`],
      ['limit', `${share(settings.limit)} of exposed images, tested as ${share(exposures.limit)}`],
      ['violation rate', `at most ${share(exposures.upper)}, if every flag that waits is a violation`],
      ['exposures', `${number(exposures.exposures)} that are ${settings.labelDelayDays} days old`],
      ['flagged, undecided', exposures.pending],
      ['confirmed', exposures.confirmed],
      ['more clean exposures', moreText(gate)],
      ['accounts', `${number(accounts.accounts)} whose ${settings.accountDays} days and labels are complete`],
      ['their violations', `${number(accounts.violations)} of ${number(accounts.exposures)} exposures`],
      ['test by exposures', exposures.passes ? 'passes' : 'does not pass'],
      ['test by accounts', accounts.passes ? 'passes' : 'does not pass'],
      ['decided a day', load.verdictsPerDay],
      ['opened a day', load.casesPerDay],
      ['waiting cases', load.waiting],
      ['etag', gate.etag],
    ]),
    ...(cohorts.length > 0 ? [table(['cohort', 'exposures', 'confirmed', 'rate at least', 'harm'], cohorts)] : []),
    lines([
      line`Promise: with a chance of at most ${share(settings.alpha)} this rollout ever raises its rate while the average rate of flagged and`,
      line`confirmed violations since the last change is at or above the limit, if operators raise it only on "Yes".`,
      line`It assumes that accounts behave independently, that at most ${share(settings.lateShare)} of violations are flagged after`,
      line`${settings.labelDelayDays} days, that reviews find at least ${share(settings.recallLower)} of them, and that an account makes at most ${settings.accountCap}.`,
    ]),
  ]);
}

function moreText({ exposures }: GateAnswer): string {
  const { passes, moreCleanExposures: more } = exposures;
  if (passes) return 'none';
  return more === null ? 'not to be expected at the rate so far' : `${number(more)} without any violation`;
}

/** In per cent, with three digits that matter. */
const share = (value: number): string => `${Number((value * 100).toPrecision(3))}%`;
