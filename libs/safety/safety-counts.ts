/** `flags` counts distinct flags, every other count distinct images. */
export const SAFETY_COUNTS = [
  'generated',
  'shared',
  'shared_by_link',
  'exposed',
  'flags',
  'flagged',
  'exposed_flagged',
  'cases_open',
  'cases_confirmed',
  'cases_dismissed',
  'cases_model_problem',
  'exposed_confirmed',
  'exposed_dismissed',
  'exposed_model_problem',
  'exposed_confirmed_sampled',
] as const;

export type SafetyCounts = Record<(typeof SAFETY_COUNTS)[number], number>;
