import type { RevealLevel } from './reveal.js';

/** Longer without looking at anything is a break, whether it was recorded or not. */
export const BREAK_GAP_MS = 600_000;
const MINUTE_MS = 60_000;

/** Levels that show content of the product; notes are colleagues’ words. */
export type ContentLevel = Exclude<RevealLevel, 'notes'>;
/** Also what lists load by themselves: that counts, but says nothing of how long somebody has been looking. */
export type CountedLevel = ContentLevel | 'preview';

/** What a reviewer looked at since their last break; times in epoch milliseconds. */
export interface Stretch {
  since: number;
  /** When they looked at something last. */
  until: number;
  /** Images revealed in full. */
  full: number;
}

/** The stretch after another view. */
export function viewed(stretch: Stretch | undefined, level: ContentLevel, at: number): Stretch {
  const goesOn = stretch !== undefined && at - stretch.until < BREAK_GAP_MS;
  const { since, full } = goesOn ? stretch : { since: at, full: 0 };
  return { since, until: Math.max(at, goesOn ? stretch.until : at), full: full + Number(level === 'full') };
}

/** What is still going on of a stretch. */
export const currentStretch = (stretch: Stretch | undefined, now: number): Stretch | undefined =>
  stretch !== undefined && now - stretch.until < BREAK_GAP_MS ? stretch : undefined;

/** Whether the reviewer should take a break: advice that prevents nothing. A limit of 0 gives none. */
export function isBreakAdvised(
  stretch: Stretch | undefined,
  { breakMinutes, breakReveals }: { breakMinutes: number; breakReveals: number },
  now: number,
): boolean {
  const current = currentStretch(stretch, now);
  if (!current) return false;
  const isLong = breakMinutes > 0 && now - current.since >= breakMinutes * MINUTE_MS;
  return isLong || (breakReveals > 0 && current.full >= breakReveals);
}
