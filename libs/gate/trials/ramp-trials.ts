import { alphaOfPlannedStage, alphaOfStage } from '../alpha-spending.js';
import { priorOfLimit } from '../evidence.js';
import { openingBoundary } from '../opening-boundary.js';
import { openingOf } from './crossing.js';
import { clopperPearsonBoundary, lanDeMetsBoundary, naiveBoundary } from './other-rules.js';

export interface RampResult {
  steps: number;
  /** The chances that a ramp with the rate at the limit in each stage raises its rate at all. */
  falseOpens: {
    /** The gate, with what each stage may spend of alpha, and with alpha shared evenly by the stages of a plan. */
    spending: number;
    planned: number;
    withoutSpending: number;
    /** The group-sequential bound of each stage, with all of alpha in each and with alpha shared evenly. */
    lanDeMets: number;
    lanDeMetsPlanned: number;
    clopperPearson: number;
    naive: number;
  };
}

/**
 * Ramps of so many stages, each with new evidence and a look after every exposure, exact. The rate is at the limit in all of
 * them, and the next stage begins even if none was opened (a change of the model does that), which is the most chances to
 * open wrongly that a ramp can give.
 * @param stageExposures of each stage
 */
export function rampsOf(
  steps: readonly number[],
  { limit, alpha, stageExposures }: { limit: number; alpha: number; stageExposures: number },
): RampResult[] {
  const prior = priorOfLimit(limit);
  const opensWith = (alpha: number) => opening(openingBoundary({ limit, alpha, prior }, stageExposures));
  const opensByLooks = (alpha: number) => opening(lanDeMetsBoundary(limit, alpha, stageExposures));
  const opening = (boundary: Float64Array) => openingOf(boundary, limit).probability;
  const most = Math.max(...steps);
  const spending = Array.from({ length: most }, (_, i) => opensWith(alphaOfStage(alpha, i + 1)));
  const whole = opensWith(alpha);
  const byLooks = opensByLooks(alpha);
  const clopperPearson = opening(clopperPearsonBoundary(limit, alpha, stageExposures));
  const naive = opening(naiveBoundary(limit, stageExposures));
  const everOf = (chances: readonly number[]) => 1 - chances.reduce((none, one) => none * (1 - one), 1);
  const ever = (steps: number, chance: number) => everOf(Array.from({ length: steps }, () => chance));
  return steps.map((steps) => ({
    steps,
    falseOpens: {
      spending: everOf(spending.slice(0, steps)),
      planned: ever(steps, opensWith(alphaOfPlannedStage(alpha, 1, steps))),
      withoutSpending: ever(steps, whole),
      lanDeMets: ever(steps, byLooks),
      lanDeMetsPlanned: ever(steps, opensByLooks(alpha / steps)),
      clopperPearson: ever(steps, clopperPearson),
      naive: ever(steps, naive),
    },
  }));
}
