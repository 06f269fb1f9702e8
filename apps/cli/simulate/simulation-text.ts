import { line, lines, paragraphs, type Shown } from '../../../libs/cli/rendering/plain-text.js';
import { table } from '../../../libs/cli/rendering/table.js';
import { heading, rowsByWeek, turnsOf, WEEKLY } from '../../simulation/rows-by-week.js';
import type { Simulation } from '../../simulation/simulation.js';

/** The table of a simulated rollout, with a row for each week. */
export function simulationText(simulation: Simulation): Shown {
  const { scenario, days, checks } = simulation;
  const expected = lines([
    line`What the scenario expects:`,
    table(
      ['what', 'expected', 'found', ''],
      checks.map(({ what, expected, found, isMet }) => [what, expected, found, isMet ? '' : 'DIFFERS']),
    ),
  ]);
  return paragraphs([
    lines([line`${scenario.title}`, line`${heading(simulation)}`]),
    table(WEEKLY, rowsByWeek(days)),
    lines([line`Rates that were set, and moves of the gate:`, table(['day', 'what', 'why'], turnsOf(simulation))]),
    ...(checks.length > 0 ? [expected] : []),
  ]);
}
