import { line, lines, paragraphs, type Shown } from '../../../libs/cli/rendering/plain-text.js';
import { table } from '../../../libs/cli/rendering/table.js';
import { counted } from '../../../libs/kernel/counted.js';
import { OUTCOMES, outcomeRows, PARAMETERS, parameterRows } from '../../simulation/calibration/calibration-rows.js';
import type { Calibration } from '../../simulation/calibration/fitted.js';
import { outcomeOf } from '../../simulation/calibration/play-rates.js';
import type { PlayedCalibration } from '../../simulation/calibration/rates-page.js';

/** What was fitted to an installation. */
export function calibrationText(calibration: Calibration): Shown {
  const { scenario, remarks, position } = calibration;
  return paragraphs([
    lines([line`${scenario.title}, position ${position}.`, table(PARAMETERS, parameterRows(calibration))]),
    lines(remarks.map((remark) => line`${remark}`)),
  ]);
}

/** What would happen at several rates. */
export function ratesText({ calibration, rates, scale, seed }: PlayedCalibration): Shown {
  const { days } = calibration.scenario;
  const runs = rates[0]!.runs.length;
  return paragraphs([
    calibrationText(calibration),
    lines([
      line`After ${counted(days, 'day')}, ${counted(runs, 'run')} of each rate from seed ${seed}, scale ${scale}; means at full size, with the range of the runs:`,
      table(OUTCOMES, outcomeRows(rates.map((rate) => outcomeOf(rate, scale)))),
    ]),
  ]);
}
