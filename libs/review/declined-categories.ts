import { DAY_MS, toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import { InvalidInput } from '../kernel/errors.js';
import { type DeclinedEvent, declinedEvents } from './reviewer-events.js';

/** What a reviewer declined last; over when `until` is in the past. */
export interface Declined {
  categories: readonly string[];
  /** Epoch milliseconds. */
  until: number;
}

/** A stream of its own for each reviewer: what leads record about them is another matter. */
export const declinedStream: StreamKind<Declined, DeclinedEvent> = {
  category: 'declined',
  events: declinedEvents,
  initial: { categories: [], until: 0 },
  evolve: (_, { data }) => ({ categories: data.categories, until: Date.parse(data.until) }),
};

export interface DeclineCategories {
  reviewer: string;
  categories: readonly string[];
  /** RFC 3339, at most a day ahead; by default the end of the day in UTC. */
  until?: string | undefined;
}

/**
 * A no-op if the same categories are declined, unless another time is given, and if none are declined and none shall be.
 * @param now epoch milliseconds
 * @throws InvalidInput
 */
export function declineCategories(
  state: Declined,
  { reviewer, categories, until: given }: DeclineCategories,
  now: number,
): DeclinedEvent[] {
  const until = given === undefined ? endOfDay(now) : Date.parse(given);
  if (until <= now || until > now + DAY_MS) {
    const message = `must be later than now, ${toIso(now)}, and at most a day later`;
    throw new InvalidInput([{ field: '/until', message }]);
  }
  const before = declinedAt(state, now);
  const isSame = before.length === categories.length && categories.every((one) => before.includes(one));
  if (isSame && (categories.length === 0 || given === undefined || until === state.until)) return [];
  return [{ type: 'CategoriesDeclined', data: { reviewer, categories: [...categories], until: toIso(until) } }];
}

/** @param now epoch milliseconds */
export const declinedAt = ({ categories, until }: Declined, now: number): readonly string[] =>
  now < until ? categories : [];

const endOfDay = (now: number): number => (Math.floor(now / DAY_MS) + 1) * DAY_MS;
