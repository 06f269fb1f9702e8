import { number } from '../../../libs/cli/rendering/table.js';
import { counted } from '../../../libs/kernel/counted.js';
import type { CalibrationAnswer } from '../../../libs/rollout/index.js';
import { sumOf } from '../sum-of.js';
import { meanCount } from './estimates.js';
import type { Source } from './fitted.js';

/** As many as a scenario has. */
const MOST_PEOPLE = 100;
/** Days with more work than reviewers could do, from which on their mean is known. */
const LEAST_FULL_DAYS = 3;
/** Without a single decision. */
const USUAL_CASES_PER_DAY = 20;
const HOUR_MS = 3_600_000;

interface FittedReviewers {
  isKnown: boolean;
  people: number;
  peopleBasis: string;
  source: Source;
  casesPerDay: { value: number; low?: number; high?: number };
  basis: string;
  remarks: string[];
}

/**
 * What reviewers can do shows only on days with more than they did: then it is the mean of these. Otherwise they can do at least what
 * they did on their best day, which is what the gate counts on.
 */
export function fitReviewers(totals: CalibrationAnswer): FittedReviewers {
  const { reviewers, reviewDays, waitingCases } = totals;
  const people = Math.min(MOST_PEOPLE, Math.max(1, reviewers));
  const common = {
    ...{ isKnown: reviewers > 0, people, remarks: remarksOf(totals) },
    peopleBasis: reviewers > 0 ? `${counted(reviewers, 'reviewer')} gave verdicts` : 'nobody gave a verdict',
  };
  const decided = sumOf(reviewDays, (one) => one.decided);
  if (decided === 0)
    return { ...common, source: 'assumed', casesPerDay: { value: USUAL_CASES_PER_DAY }, basis: 'nothing was decided' };
  const full = fullDays(reviewDays, waitingCases);
  if (full.length >= LEAST_FULL_DAYS) {
    const { value, low, high } = meanCount(full);
    const casesPerDay = { value: value / people, low: low / people, high: high / people };
    return { ...common, source: 'fitted', casesPerDay, basis: `${full.length} days with more cases than they decided` };
  }
  const most = Math.max(...reviewDays.map((one) => one.decided));
  const mean = decided / reviewDays.length;
  return {
    ...{ ...common, source: 'at least', casesPerDay: { value: most / people, low: mean / people } },
    basis: `${counted(most, 'case')} on their best of ${counted(reviewDays.length, 'day')}, ${number(decided)} on all`,
  };
}

/** What was decided on each day that ended with more cases waiting than it decided. */
function fullDays(days: CalibrationAnswer['reviewDays'], waitingNow: number): number[] {
  let waiting = waitingNow;
  const full: number[] = [];
  for (const { opened, decided } of days.toSorted((one, other) => one.daysAgo - other.daysAgo)) {
    if (decided > 0 && waiting > decided) full.push(decided);
    waiting += decided - opened;
  }
  return full;
}

function remarksOf({ verdictTimes, reviewHours, active }: CalibrationAnswer): string[] {
  const { cases, waiting, p50Ms, p95Ms } = verdictTimes;
  const hours = (ms: number | null) =>
    ms === null ? 'a time that is not known yet' : `${(ms / HOUR_MS).toFixed(1)} h`;
  const decided = sumOf(reviewHours, (one) => one.decided);
  const busiest = reviewHours.toSorted((one, other) => other.decided - one.decided || one.hour - other.hour)[0];
  const [activeDays, days] = [sumOf(active, (one) => one.activeDays), sumOf(active, (one) => one.days)];
  return [
    ...(days === 0
      ? []
      : [
          `People generate images on ${((100 * activeDays) / days).toFixed(0)}% of their days in UTC; the scenario has the mean of all days.`,
        ]),
    ...(cases === 0
      ? []
      : [
          `Of ${counted(cases, 'case that is', 'cases that are')} old enough, half are decided after ${hours(p50Ms)} and 95 of 100 after ${hours(p95Ms)}; ${counted(waiting, 'waits', 'wait')}.`,
        ]),
    ...(busiest
      ? [
          `Reviewers decide most between ${busiest.hour}:00 and ${busiest.hour + 1}:00 UTC (${((100 * busiest.decided) / decided).toFixed(0)}%); the scenario has days, not hours.`,
        ]
      : []),
  ];
}
