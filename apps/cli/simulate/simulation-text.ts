import { line, lines, paragraphs, type Shown } from '../../../libs/cli/rendering/plain-text.js';
import { number, table } from '../../../libs/cli/rendering/table.js';
import { shareText } from '../../simulation/expectations.js';
import type { Simulation } from '../../simulation/simulation.js';

const WEEK = 7;

/** The table of a simulated rollout, with a row for each week. */
export function simulationText(simulation: Simulation): Shown {
  const { scenario, seed, scale, days, moves, rates, checks, events } = simulation;
  const shown = days.filter(({ day }) => day % WEEK === 0 || day === days.length);
  const head = 'day,people,rate a week,images,exposed,flagged,confirmed,gate,cases wait,decide a day'.split(',');
  return paragraphs([
    lines([
      line`${scenario.title}`,
      line`Scenario ${scenario.name}, seed ${seed}, scale ${scale}: ${number(days.length)} days, ${number(events)} events.`,
    ]),
    table(
      head,
      shown.map((one) => [
        ...[one.day, one.people, one.perWeek, one.images, one.exposed],
        ...[shareText(one.flagged), shareText(one.confirmed), one.inForce],
        ...[one.backlog, one.supplyPerDay],
      ]),
    ),
    lines([
      line`Rates that were set, and moves of the gate:`,
      table(
        ['day', 'what', 'why'],
        [
          ...rates.map(({ day, perWeek }) => [day, `rate ${number(perWeek)} a week`, '']),
          ...moves.map(({ day, outcome, reasons }) => [day, `gate: ${outcome}`, reasons.join(', ')]),
        ].sort(([one], [other]) => Number(one) - Number(other)),
      ),
    ]),
    ...(checks.length > 0
      ? [
          lines([
            line`What the scenario expects:`,
            table(
              ['what', 'expected', 'found', ''],
              checks.map(({ what, expected, found, isMet }) => [what, expected, found, isMet ? '' : 'DIFFERS']),
            ),
          ]),
        ]
      : []),
  ]);
}
