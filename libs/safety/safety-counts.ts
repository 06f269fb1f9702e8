/** `flags` counts distinct flags, every other count distinct images. */
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
  'cases_model_problem',
  'exposed_confirmed',
] as const;

export type SafetyCounts = Record<(typeof SAFETY_COUNTS)[number], number>;
