import { priorNearLimit, priorOfLimit } from '../evidence.js';
import { testedLimit } from '../matured-prefix.js';
import { mostHarmfulExposures, openingBoundary, thresholdOf } from '../opening-boundary.js';
import { seededChance } from './chance.js';
import { BEYOND_THE_CAP, CLUSTERINGS, type ClusteredResult, clusteredTrial } from './clustered-trials.js';
import { brakingOf, type Crossing, openingAtLooks, openingOf } from './crossing.js';
import { type LateLabelResult, type LateLabelRule, lateLabelTrial } from './late-label-trials.js';
import { clopperPearsonBoundary, lanDeMetsBoundary, lanDeMetsLooks, naiveBoundary } from './other-rules.js';
import { type RampResult, rampsOf } from './ramp-trials.js';
import { highestShare } from './share-of-runs.js';

const LIMIT = 0.0005;
const ALPHA = 0.05;
const MAX_EXPOSURES = 1_000_000;
const STAGE_EXPOSURES = 200_000;
const LOOKS = 10;
/** Of the limit. */
const RATES = [1, 0.8, 0.5, 0.4, 0.2, 2];
const HARM_RATES = [2, 4, 10];
const SAFE = 0.2;
const MOST_STEPS = 20;

export interface StatisticsReport {
  limit: number;
  alpha: number;
  maxExposures: number;
  stageExposures: number;
  runs: number;
  seed: number;
  rates: number[];
  /** Exact: each rule at each of the true rates. */
  opening: { rule: string; byRate: Crossing[] }[];
  /** Exact: the test for harm with all of alpha, and with what a first cohort may spend. */
  braking: { rate: number; whole: Crossing; firstCohort: Crossing }[];
  /** Simulated, at a mean rate of exactly the limit. */
  clustering: {
    violators: string;
    cap: number;
    isPromised: boolean;
    rules: string[];
    falseOpens: ClusteredResult;
  }[];
  /** Simulated, with traffic that doubles weekly and labels that are late by 3 days in the mean. */
  lateLabels: {
    rule: string;
    isPromised: boolean;
    delayDays: number;
    lateShare: number;
    atLimit: LateLabelResult;
    safe: LateLabelResult;
  }[];
  /** Exact. */
  ramps: RampResult[];
  /** What the gate's false opens may be at most in simulations: alpha and three standard errors. */
  highestShare: number;
  /** Whether the gate's false opens stay at or under alpha in each of the tables, within that. */
  keepsPromise: boolean;
}

/** The number of parts that are yielded: boundaries, opening and ramps, and each simulated table row. */
export const reportParts = (): number => 3 + [...CLUSTERINGS, BEYOND_THE_CAP].length + lateLabelRules().length;

/**
 * How the gate and other rules behave: exact where the boundary can be carried through, else simulated.
 * @yields the name of each part before it is computed
 */
export function* statisticsReport(runs: number, seed: number): Generator<string, StatisticsReport> {
  const rates = RATES.map((share) => LIMIT * share);
  const spec = { limit: LIMIT, alpha: ALPHA, maxExposures: MAX_EXPOSURES };

  yield 'boundaries';
  const boundaries = boundariesAt(LIMIT);
  const near = openingBoundary({ limit: LIMIT, alpha: ALPHA, prior: priorNearLimit(LIMIT) }, MAX_EXPOSURES);
  const looks = lanDeMetsLooks(LIMIT, ALPHA, MAX_EXPOSURES, LOOKS);

  yield 'opening';
  const opening = [
    { rule: 'gate', byRate: rates.map((rate) => openingOf(boundaries[0]!.boundary, rate)) },
    { rule: 'gate, prior Beta(2, 2/p)', byRate: rates.map((rate) => openingOf(near, rate)) },
    { rule: `Lan-DeMets, ${LOOKS} looks`, byRate: rates.map((rate) => openingAtLooks(looks, rate)) },
    ...boundaries
      .slice(1)
      .map(({ name, boundary }) => ({ rule: name, byRate: rates.map((rate) => openingOf(boundary, rate)) })),
  ];
  const braking = HARM_RATES.map((share) => ({
    rate: LIMIT * share,
    whole: brakingOf(harmBoundary(1 / ALPHA), LIMIT * share),
    firstCohort: brakingOf(harmBoundary(2 / ALPHA), LIMIT * share),
  }));

  const clustering: StatisticsReport['clustering'] = [];
  for (const one of [...CLUSTERINGS, BEYOND_THE_CAP]) {
    yield `clustering: ${one.name}`;
    const plan = { ...spec, threshold: thresholdOf(ALPHA), runs };
    clustering.push({
      violators: one.name,
      cap: one.cap,
      isPromised: one !== BEYOND_THE_CAP,
      rules: boundaries.map(({ name }) => name),
      falseOpens: clusteredTrial(one, boundaries, plan, seededChance(seed, one.name)),
    });
  }

  const lateLabels: StatisticsReport['lateLabels'] = [];
  for (const { isPromised, lateShare, ...rule } of lateLabelRules()) {
    yield `late labels: ${rule.name}, D ${rule.delayDays}`;
    const trial = (share: number) =>
      lateLabelTrial(rule, LIMIT * share, { ...spec, runs }, seededChance(seed, `late ${share}`));
    lateLabels.push({
      rule: rule.name,
      isPromised,
      delayDays: rule.delayDays,
      lateShare,
      atLimit: trial(1),
      safe: trial(SAFE),
    });
  }

  yield 'ramps';
  const steps = Array.from({ length: MOST_STEPS }, (_, i) => i + 1);
  const ramps = rampsOf(steps, { limit: LIMIT, alpha: ALPHA, stageExposures: STAGE_EXPOSURES });

  const highest = highestShare(ALPHA, runs);
  const exact = [
    opening[0]!.byRate[0]!.probability,
    opening[1]!.byRate[0]!.probability,
    ...ramps.flatMap(({ falseOpens }) => [falseOpens.spending, falseOpens.planned]),
  ];
  const simulated = [
    ...clustering.filter(({ isPromised }) => isPromised).map(({ falseOpens }) => falseOpens.gate.share),
    ...lateLabels.filter(({ isPromised }) => isPromised).map(({ atLimit }) => atLimit.opens.share),
  ];
  return {
    ...spec,
    ...{ stageExposures: STAGE_EXPOSURES, runs, seed, rates, opening, braking, clustering, lateLabels, ramps },
    highestShare: highest,
    keepsPromise: exact.every((chance) => chance <= ALPHA) && simulated.every((share) => share <= highest),
  };
}

/** The rules with a look after every exposure, the gate's own test first. */
const boundariesAt = (limit: number) => [
  { name: 'gate', boundary: openingBoundary({ limit, alpha: ALPHA, prior: priorOfLimit(limit) }, MAX_EXPOSURES) },
  { name: 'Lan-DeMets, every look', boundary: lanDeMetsBoundary(limit, ALPHA, MAX_EXPOSURES) },
  { name: 'Clopper-Pearson', boundary: clopperPearsonBoundary(limit, ALPHA, MAX_EXPOSURES) },
  { name: 'share below the limit', boundary: naiveBoundary(limit, MAX_EXPOSURES) },
];

/** With so many violations that a rollout at twice the limit has braked before. */
function harmBoundary(threshold: number): Float64Array {
  const prior = priorOfLimit(LIMIT);
  return Float64Array.from({ length: 500 }, (_, x) => mostHarmfulExposures(x, LIMIT, prior, Math.log(threshold)));
}

/** The gate with delays that keep its assumption, then what ignores labels that are late. */
function lateLabelRules(): (LateLabelRule & { lateShare: number; isPromised: boolean })[] {
  const gate = (delayDays: number, lateShare: number, isPromised: boolean) => ({
    ...boundariesAt(testedLimit(LIMIT, lateShare, 1))[0]!,
    ...{ delayDays, lateShare, isPromised },
  });
  const matured = boundariesAt(testedLimit(LIMIT, 0.05, 1)).slice(1);
  return [
    gate(9, 0.05, true),
    gate(13.8, 0.01, true),
    gate(3, 0, false),
    gate(0, 0, false),
    ...matured.map((rule) => ({ ...rule, delayDays: 9, lateShare: 0.05, isPromised: false })),
  ];
}
