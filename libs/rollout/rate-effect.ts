import type { ReviewLoad } from '../gate/review-load.js';
import { WEEK_MS } from '../kernel/clock.js';
import { type RateTerms, refuseRaise } from './change-rollout.js';
import { heldNow } from './held-places.js';
import { countedCohorts, peopleInWindow, type Rollout, roomLeft } from './rollout.js';

const DAYS_PER_WEEK = 7;

/** What a rate would come to. */
export interface RateEffect {
  perWeek: number;
  perDay: number;
  /** How many people it would allow at once. */
  atOnce: number;
  /** When the last of those who wait now could come in, in epoch milliseconds; undefined for never: at a rate of 0, or beyond the ceiling. */
  lineEndsAt?: number;
}

/**
 * The effect on who comes in, if every place is used as soon as it is free. Which places become free when repeats every seven days, so
 * the last place is found without going through the weeks.
 * @param waiting the people who wait
 * @param now epoch milliseconds
 */
export function rateEffect(state: Rollout, perWeek: number, waiting: number, now: number): RateEffect {
  const used = peopleInWindow(state, now) + heldNow(state.held);
  const free = Math.max(0, perWeek - used);
  const room = roomLeft(state);
  const atOnce = Math.max(0, Math.min(free, room));
  const effect = { perWeek, perDay: perWeek / DAYS_PER_WEEK, atOnce };
  const later = waiting - free;
  if (waiting > 0 && (perWeek === 0 || waiting > room)) return effect;
  if (later <= 0) return { ...effect, lineEndsAt: now };
  const weeks = Math.floor((later - 1) / perWeek);
  const places = later - weeks * perWeek + Math.max(0, used - perWeek);
  return { ...effect, lineEndsAt: weeks * WEEK_MS + whenFree(state, places, now) };
}

/** When so many people of this window no longer count; those who come in now do so seven days from now. */
function whenFree(state: Rollout, places: number, now: number): number {
  const ends = [
    ...state.past.map(({ last, people }) => ({ at: last + WEEK_MS, people })),
    // Nobody knows yet when those who are invited or being onboarded come in.
    { at: now + WEEK_MS, people: heldNow(state.held) },
    ...countedCohorts(state, now).map(({ people, onboarded }) => ({ at: (onboarded?.last ?? now) + WEEK_MS, people })),
  ];
  let left = places;
  for (const { at, people } of ends.filter((one) => one.at > now).sort((a, b) => a.at - b.at)) {
    left -= people;
    if (left <= 0) return at;
  }
  return now + WEEK_MS;
}

/** What somebody needs who sets this rate. */
export type RateNeeds = 'nothing' | 'confirmation' | 'approval';

export function needsOf(state: Rollout, perWeek: number, terms: RateTerms): RateNeeds {
  if (isRefused(state, perWeek, false, terms) === undefined) return 'nothing';
  return isRefused(state, perWeek, true, terms) === undefined ? 'confirmation' : 'approval';
}

function isRefused(state: Rollout, perWeek: number, isConfirmed: boolean, terms: RateTerms): unknown {
  try {
    return refuseRaise(state, perWeek, { isConfirmed, isApproved: false }, terms);
  } catch (error) {
    return error;
  }
}

/** What reviewers would have to do a day. */
export interface ReviewEffect {
  /** Null if nobody is active. */
  casesPerDay: number | null;
  /** What reviewers can decide; null while that is not known. */
  supplyPerDay: number | null;
  /** The share of it that the cases would need; null without a supply, and if nobody is active. */
  load: number | null;
}

export function reviewEffect({ supplyPerDay, casesPerDayAfter: casesPerDay }: ReviewLoad): ReviewEffect {
  const load = supplyPerDay && casesPerDay !== null ? casesPerDay / supplyPerDay : null;
  return { casesPerDay, supplyPerDay, load };
}
