/** What is known of an exposed image. */
export type ExposureState = 'not-flagged' | 'pending' | 'confirmed' | 'dismissed';

/** A distinct image, by its first exposure. */
export interface Exposure {
  /** When it arrived, in milliseconds. */
  arrivedAt: number;
  state: ExposureState;
}

/** The part of the evidence whose labels have had time to arrive. */
export interface MaturedCounts {
  exposures: number;
  /** Flagged and not decided yet: the test for safety counts them as confirmed, the one for harm doesn't count them. */
  pending: number;
  confirmed: number;
}

/**
 * Counts the exposures up to the first that is younger than the delay of labels. A later one that is old enough doesn't count
 * either: the evidence is a prefix of the order of arrival, whatever was found in it.
 * @param exposures in the order of arrival
 */
export function maturedPrefix(exposures: Iterable<Exposure>, now: number, delayMs: number): MaturedCounts {
  const counts = { exposures: 0, pending: 0, confirmed: 0 };
  for (const { arrivedAt, state } of exposures) {
    if (now - arrivedAt < delayMs) break;
    counts.exposures++;
    if (state === 'pending' || state === 'confirmed') counts[state]++;
  }
  return counts;
}

/**
 * The accounts up to the first whose window is not closed: its exposures of the first days, and the delay of the labels of the
 * last of them.
 * @param accounts in the order in which they were onboarded
 */
export function closedPrefix<Account extends { onboardedAt: number }>(
  accounts: readonly Account[],
  now: number,
  windowMs: number,
  delayMs: number,
): Account[] {
  const open = accounts.findIndex(({ onboardedAt }) => now - onboardedAt < windowMs + delayMs);
  return accounts.slice(0, open === -1 ? accounts.length : open);
}

/**
 * The limit that the evidence is tested against: lower than the one that was set, since a share of the violations is flagged
 * later than the delay, and reviews may find only a share.
 * @param limit that was set
 * @param lateShare at most this share of violations is flagged later than the delay, or reopened
 * @param recallLower at least this share of violations is ever found
 */
export const testedLimit = (limit: number, lateShare: number, recallLower: number): number =>
  limit * (1 - lateShare) * recallLower;
