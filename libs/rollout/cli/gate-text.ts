import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, pairs, table, time } from '../../cli/rendering/table.js';
import {
  CAUSE_WORDS,
  changeWords,
  OUTCOME_WORDS,
  overrideWords,
  proposalWords,
  REASON_WORDS,
  reasonWords,
} from '../../gate/gate-words.js';
import { type GateReason, isBraking } from '../../gate/verdict.js';
import type { GateInForceAnswer } from '../queries/gate-answers.js';
import type { GateAnswer } from '../queries/show-gate.js';

/** The lines above all that shows the rollout, as long as somebody overrides the gate, wants to, or nobody is admitted. */
export function gateHeader({ inForce, move, override, proposal }: GateInForceAnswer): Shown[] {
  const said = [
    ...(override ? [line`${overrideWords(override)}`] : []),
    ...(proposal ? [line`${proposalWords(proposal)} gatehouse gate approve ${proposal.overrideId}`] : []),
    ...(inForce === 'brake' && move ? [line`BRAKE: nobody is admitted, because ${brakingWords(move.reasons)}.`] : []),
  ];
  return said.length > 0 ? [lines(said)] : [];
}

const brakingWords = (reasons: readonly GateReason[]): string =>
  reasons
    .filter(isBraking)
    .map((reason) => REASON_WORDS[reason])
    .join('; ');

/** What `gatehouse gate show` prints. */
export function gateText(gate: GateAnswer): Shown {
  const { outcome, reasons, missing, stage, settings, exposures, accounts, harm, late, load, expectedAt } = gate;
  const cohorts = harm.map((one) => [one.cohortId, one.exposures, one.confirmed, share(one.lower), one.isHarm]);
  const change = { passes: exposures.passes, moreCleanExposures: exposures.moreCleanExposures, expectedAt };
  return paragraphs([
    ...gateHeader(gate),
    lines([
      line`${OUTCOME_WORDS[outcome]}`,
      ...reasonWords(reasons, { missing, late: late ? { ...settings, ...late } : undefined }).map(
        (why) => line`- ${why}`,
      ),
      ...(outcome === 'hold' ? [line`${changeWords({ ...change, labelDelayDays: settings.labelDelayDays })}`] : []),
    ]),
    pairs([
      ['stage', stage && `${stage.ordinal}, since ${time(stage.at)} (${CAUSE_WORDS[stage.cause]}: ${stage.what})`],
      ['limit', `${share(settings.limit)} of exposed images, tested as ${share(exposures.limit)}`],
      ['violation rate', `at most ${share(exposures.upper)}, if every flag that waits is a violation`],
      [
        'exposures',
        `${number(exposures.exposures)} that are ${settings.labelDelayDays} days old, of ${number(exposures.arrived)}`,
      ],
      ['flagged, undecided', exposures.pending],
      ['confirmed', exposures.confirmed],
      ['more clean exposures', moreText(gate)],
      ['accounts', `${number(accounts.accounts)} whose ${settings.accountDays} days and labels are complete`],
      ['their violations', `${number(accounts.violations)} of ${number(accounts.exposures)} exposures`],
      ['test by exposures', exposures.passes ? 'passes' : 'does not pass'],
      [
        'test by accounts',
        `${accounts.passes ? 'passes' : 'does not pass'}; at most ${settings.accountCap} of one account count`,
      ],
      [
        'late labels',
        late &&
          `${number(late.late)} of ${number(late.violations)} violations that were followed; at most ${share(settings.lateShare)} are assumed`,
      ],
      ['reviewers can decide', load.supplyPerDay === null ? null : `${number(load.supplyPerDay)} a day`],
      ['decided a day', load.verdictsPerDay],
      ['active people', `${number(load.activePeople)} in a week, of ${number(load.people)} who are in`],
      [
        'opened a day',
        `${number(load.casesPerDay)}, after a raise ${load.casesPerDayAfter === null ? 'not known' : number(load.casesPerDayAfter)}`,
      ],
      ['waiting cases', load.waiting],
      [
        'deactivation',
        load.deactivationSeconds === null ? null : `95 of 100 within ${number(load.deactivationSeconds)} s`,
      ],
      ['etag', gate.etag],
    ]),
    ...(cohorts.length > 0 ? [table(['cohort', 'exposures', 'confirmed', 'rate at least', 'harm'], cohorts)] : []),
    promiseText(gate),
  ]);
}

/** The promise, what it assumes and what it costs. */
function promiseText({ settings, exposures }: GateAnswer): Shown {
  const { requiredExposures: required } = exposures;
  return lines([
    line`Promise: with a chance of at most ${share(settings.alpha)} this rollout ever raises its rate while the average rate of flagged and`,
    line`confirmed violations since the last change is at or above the limit, if operators raise it only on "Yes".`,
    line`It assumes that accounts behave independently, that at most ${share(settings.lateShare)} of violations are flagged after`,
    line`${settings.labelDelayDays} days, that reviews find at least ${share(settings.recallLower)} of them, and that an account makes at most ${settings.accountCap}.`,
    line`It costs ${required === null ? 'more than this stage may spend' : `${number(required)} exposures with the violations so far, and about 1.4 times as many by accounts`};`,
    line`"Yes" comes ${settings.labelDelayDays + settings.accountDays} days after a stage began at the earliest, and each stage needs more than the one before.`,
  ]);
}

function moreText({ exposures }: GateAnswer): string {
  const { passes, moreCleanExposures: more } = exposures;
  if (passes) return 'none';
  return more === null ? 'not to be expected at the rate so far' : `${number(more)} without any violation`;
}

/** In per cent, with three digits that matter. */
export const share = (value: number): string => `${Number((value * 100).toPrecision(3))}%`;
