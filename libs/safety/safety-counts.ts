/** Every count is of distinct images, but for `flags`, which is of distinct flags. */
export const SAFETY_COUNTS = [
  'generated',
  'shared',
  'exposed',
  'flags',
  'flagged',
  'exposed_flagged',
  'cases_open',
  'cases_confirmed',
  'cases_dismissed',
  'exposed_confirmed',
] as const;

export type SafetyCounts = Record<(typeof SAFETY_COUNTS)[number], number>;
