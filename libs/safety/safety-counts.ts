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

/**
 * By the day of the first exposure, in the buckets of days: distinct images flagged before it, of these confirmed, and confirmed
 * ones that a detector flagged. In the buckets `sample:{day}:{how many of a million}`, 0 for those that were skipped: images of the
 * sample that were not flagged before, and of these decided and confirmed ones.
 */
export const PREVALENCE_COUNTS = [
  'exposed_flagged_before',
  'exposed_confirmed_before',
  'exposed_confirmed_detected',
  'sampled',
  'sampled_decided',
  'sampled_confirmed',
] as const;
