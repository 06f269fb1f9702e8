import { number } from '../../../libs/cli/rendering/table.js';
import type { Calibration, FittedParameter } from './fitted.js';
import type { RateOutcome, Spread } from './play-rates.js';

/** The columns of `parameterRows`. */
export const PARAMETERS = ['parameter', 'value', '95% interval', 'how', 'rests on'];

export const parameterRows = ({ parameters }: Pick<Calibration, 'parameters'>): string[][] =>
  parameters.map((one) => [one.parameter, figure(one.value), intervalOf(one), one.source, one.basis]);

function intervalOf({ low, high }: FittedParameter): string {
  if (low === null && high === null) return '–';
  return high === null ? `from ${figure(low ?? 0)}` : `${figure(low ?? 0)} to ${figure(high)}`;
}

/** With three digits. */
const figure = (value: number): string =>
  Math.abs(value) >= 1000 ? number(Math.round(value)) : String(Number(value.toPrecision(3)));

/** The columns of `outcomeRows`. */
export const OUTCOMES =
  'rate a week,people,images,flagged,confirmed,cases wait,decided within h,gate at the end,supports a raise,brakes'.split(
    ',',
  );

export const outcomeRows = (outcomes: readonly RateOutcome[]): string[][] =>
  outcomes.map((one) => [
    number(one.perWeek),
    ...[one.people, one.images, one.flagged, one.confirmed, one.backlog].map(spread),
    one.verdictHours ? spread(one.verdictHours) : '–',
    (['expand', 'hold', 'brake'] as const)
      .filter((outcome) => one.ended[outcome] > 0)
      .map((outcome) => `${outcome} ${one.ended[outcome]}`)
      .join(', '),
    `${one.expanded} of ${one.runs}`,
    `${one.braked} of ${one.runs}`,
  ]);

const spread = ({ mean, least, most }: Spread): string =>
  least === most ? figure(mean) : `${figure(mean)} (${figure(least)}–${figure(most)})`;
