/**
 * What stage k may spend of alpha: alpha / (k (k + 1)). The sum over all stages there will ever be is alpha, so that a ramp of any
 * length keeps the promise of one test.
 * @param stage 1 for the first; never restarts
 */
export const alphaOfStage = (alpha: number, stage: number): number => alpha / (atLeastOne(stage) * (stage + 1));

/** What each stage of a plan of so many stages may spend. A stage after the plan may spend nothing. */
export function alphaOfPlannedStage(alpha: number, stage: number, plannedStages: number): number {
  return atLeastOne(stage) <= atLeastOne(plannedStages) ? alpha / plannedStages : 0;
}

/** A share of alpha differs by so much through rounding. */
const ROUNDING = 1e-9;

/**
 * What a stage may spend of alpha, whatever the rules of the stages before it were: never more than those have left, so that no change
 * of the rule lets the sum exceed alpha.
 * @param plannedStages of the plan; undefined for none
 * @param left the share of alpha that the stages before have left, from 0 to 1
 */
export function alphaWithin(alpha: number, stage: number, plannedStages: number | undefined, left: number): number {
  const usual =
    plannedStages === undefined ? alphaOfStage(alpha, stage) : alphaOfPlannedStage(alpha, stage, plannedStages);
  return usual <= alpha * (left + ROUNDING) ? usual : alpha * left;
}

/**
 * What the evidence of harm in a cohort has to reach: c (c + 1) / alpha for the c-th cohort that there ever was. The chances of
 * a false alarm add up to alpha over all cohorts; with C / alpha for the C cohorts so far they would add up to 0.32 in a year of
 * daily cohorts.
 * @param cohort 1 for the first
 */
export const harmThreshold = (alpha: number, cohort: number): number => 1 / alphaOfStage(alpha, cohort);

function atLeastOne(ordinal: number): number {
  if (!Number.isInteger(ordinal) || ordinal < 1)
    throw new RangeError(`${ordinal} is not the number of a stage or a cohort: count from 1`);
  return ordinal;
}
