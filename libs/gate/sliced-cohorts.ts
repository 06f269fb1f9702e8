/**
 * Prefixes of the ids of cohorts that are slices of one: `invited-BATCH-N` of a batch of invitations, `slice-TIME` of what the schedule
 * admits on a day, and `open-TIME` of who joins on a day of open access. Nobody else may use them. The test for harm counts the slices of
 * one as a single cohort: each cohort needs more evidence than those before it, so slices of their own would hide harm.
 */
export const INVITED_PREFIX = 'invited-';
export const SLICE_PREFIX = 'slice-';
export const OPEN_PREFIX = 'open-';

/** Of the ids of slices that are named by their time; an earlier log may have others that begin in the same way. */
export const DATED_SLICE = `^(${SLICE_PREFIX}|${OPEN_PREFIX})[0-9]{4}-[0-9]{2}-[0-9]{2}T`;
export const isOpenSlice = (cohortId: string): boolean => cohortId.startsWith(OPEN_PREFIX) && isDatedSlice(cohortId);
export const isDatedSlice = (cohortId: string): boolean => new RegExp(DATED_SLICE).test(cohortId);
