import { number } from '../../libs/cli/rendering/table.js';
import { counted } from '../../libs/kernel/counted.js';
import { shareText } from './expectations.js';
import type { ObservedDay } from './observed-day.js';
import type { Simulation } from './simulation.js';

const WEEK = 7;

/** The columns of `rowsByWeek`. */
export const WEEKLY = 'day,people,rate a week,images,exposed,flagged,confirmed,gate,cases wait,decide a day'.split(',');

/** The last day of each week, and the very last. */
export const rowsByWeek = (days: readonly ObservedDay[]): (string | number | null)[][] =>
  days
    .filter(({ day }) => day % WEEK === 0 || day === days.length)
    .map((one) => [
      ...[one.day, one.people, one.perWeek, one.images, one.exposed],
      ...[shareText(one.flagged), shareText(one.confirmed), one.inForce],
      ...[one.backlog, one.supplyPerDay],
    ]);

export const heading = ({ scenario, seed, scale, days, events }: Simulation): string =>
  `Scenario ${scenario.name}, seed ${seed}, scale ${scale}: ${counted(days.length, 'day')}, ${counted(events, 'event')}.`;

/** What operators and the gate did, by day. */
export const turnsOf = ({ rates, moves }: Simulation): (string | number)[][] =>
  [
    ...rates.map(({ day, perWeek }) => [day, `rate ${number(perWeek)} a week`, '']),
    ...moves.map(({ day, outcome, reasons }) => [day, `gate: ${outcome}`, reasons.join(', ')]),
  ].sort(([one], [other]) => Number(one) - Number(other));
