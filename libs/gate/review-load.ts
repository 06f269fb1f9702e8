const DAY_MS = 86_400_000;
/** Reviewers' supply and demand are those of so many days. */
export const LOAD_DAYS = 14;
/** Before so many days of cases, nobody knows what reviewers can do. */
const FIRST_DAYS = 3;

/** What is counted of reviews and accounts, as integers. */
export interface LoadCounts {
  /** When the first case of all was opened, in epoch milliseconds; null without any. */
  firstCaseAt: number | null;
  /** Cases of the last 14 days. */
  opened: number;
  decided: number;
  /** The most that were decided within one of these 14 days. */
  mostDecidedADay: number;
  /** Cases that wait now. */
  waiting: number;
  /** Onboarded accounts that are not deactivated. */
  people: number;
  /** From the decision to the deactivation, of 95 of 100 in the last 14 days; null without any. */
  deactivationSeconds: number | null;
}

/** Over the last 14 days, except for what waits now. */
export interface ReviewLoad {
  /** What reviewers can decide a day; null while it is too early to know, as on the first days of a rollout. */
  supplyPerDay: number | null;
  /** What they decided a day; null as long. */
  verdictsPerDay: number | null;
  casesPerDay: number;
  waiting: number;
  /** Accounts now and after the raise. */
  people: number;
  peopleAfter: number;
  deactivationSeconds: number | null;
}

/**
 * Reviewers who decide everything that comes have decided as much as there was to do, not as much as they can: so their supply is
 * the most that they decided within one day, which they have shown that they can.
 * @param at epoch milliseconds
 * @param perWeek the rate that is asked about; its effect is that of the first week
 */
export function reviewLoad(counts: LoadCounts, at: number, perWeek: number): ReviewLoad {
  const { firstCaseAt, opened, decided, mostDecidedADay, waiting, people, deactivationSeconds } = counts;
  const days = firstCaseAt === null ? 0 : (at - firstCaseAt) / DAY_MS;
  const known = Math.min(LOAD_DAYS, Math.max(1, days));
  const isKnown = days >= FIRST_DAYS;
  return {
    supplyPerDay: isKnown ? mostDecidedADay : null,
    verdictsPerDay: isKnown ? decided / known : null,
    casesPerDay: opened / known,
    ...{ waiting, people, peopleAfter: people + perWeek, deactivationSeconds },
  };
}

/** Cases a day after the raise, if everyone makes as many as now. */
export const casesPerDayAfter = ({
  casesPerDay,
  people,
  peopleAfter,
}: Pick<ReviewLoad, 'casesPerDay' | 'people' | 'peopleAfter'>): number =>
  people === 0 ? casesPerDay : (casesPerDay * peopleAfter) / people;
