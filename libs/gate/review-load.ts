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
  /** Distinct accounts that generated an image in this ISO week or in the last one, whichever were more. Earlier releases did not count them. */
  activePeople?: number | undefined;
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
  /** Onboarded accounts now and after the raise. */
  people: number;
  peopleAfter: number;
  /** The people whose images the cases are of: those who are in and active. */
  activePeople: number;
  /** Cases a day after the raise, if everyone who comes in makes as many as they do; null if nobody is active, since nothing is known of it. */
  casesPerDayAfter: number | null;
  deactivationSeconds: number | null;
}

/**
 * Reviewers who decide everything that comes have decided as much as there was to do, not as much as they can: so their supply is
 * the most that they decided within one day, which they have shown that they can.
 *
 * Cases come from people who generate images, and somebody who comes in is likely to do so at first: over everybody who ever came in, the
 * cases of a person would be too few. Accounts that are active and not in don't count, so that demand is never below cases a day and
 * person times the people in after the raise.
 * @param at epoch milliseconds
 * @param perWeek the rate that is asked about; its effect is that of the first week
 */
export function reviewLoad(counts: LoadCounts, at: number, perWeek: number): ReviewLoad {
  const { firstCaseAt, opened, decided, mostDecidedADay, waiting, people, deactivationSeconds } = counts;
  const activePeople = Math.min(counts.activePeople ?? people, people);
  const days = firstCaseAt === null ? 0 : (at - firstCaseAt) / DAY_MS;
  const known = Math.min(LOAD_DAYS, Math.max(1, days));
  const isKnown = days >= FIRST_DAYS;
  const casesPerDay = opened / known;
  return {
    supplyPerDay: isKnown ? mostDecidedADay : null,
    verdictsPerDay: isKnown ? decided / known : null,
    casesPerDay,
    ...{ waiting, people, peopleAfter: people + perWeek, activePeople, deactivationSeconds },
    casesPerDayAfter: casesAfter(counts, casesPerDay, activePeople, perWeek),
  };
}

function casesAfter(counts: LoadCounts, casesPerDay: number, activePeople: number, perWeek: number): number | null {
  if (activePeople > 0) return (casesPerDay * (activePeople + perWeek)) / activePeople;
  return counts.activePeople === undefined ? casesPerDay : null;
}
