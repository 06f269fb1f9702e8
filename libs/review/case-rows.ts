import type { Verdict } from './case.js';

/* What the rows of the view of cases consist of. */

/** Part of a JSON column, so its fields are named as in the events. */
export interface CaseFlag {
  /** Absent, like its flagger, for a round that was opened without a flag. */
  flagId?: string;
  flaggedBy?: string;
  categories: string[];
}

export const flagOf = ({ flagId, flaggedBy, categories }: CaseFlag): CaseFlag => ({
  ...(flagId !== undefined && { flagId }),
  ...(flaggedBy !== undefined && { flaggedBy }),
  categories,
});

export const flaggersOf = (flags: readonly CaseFlag[]): string[] => flags.flatMap(({ flaggedBy }) => flaggedBy ?? []);

/** Sorted, each once. */
export const union = (some: readonly string[], more: readonly string[]): string[] =>
  [...new Set([...some, ...more])].sort();

export const isOpen = ({ status }: { status: string }): boolean => status === 'open' || status === 'claimed';

interface Judged {
  status: string;
  verdicts: readonly { reviewer: string; verdict: Verdict; finalAt?: string }[];
  is_panel_given: boolean;
  panel_size: number;
  verdicts_needed: number;
  account_id: string | null;
  flags: readonly CaseFlag[];
  judged_flaggers: readonly string[];
}

/**
 * Without the verdicts of those who flagged since or own the image. The decision knows more of them, such as linked accounts:
 * then the time passes and the case waits on.
 */
export function decidesAt(row: Judged): number | null {
  if (!isOpen(row)) return null;
  const { verdicts, is_panel_given, panel_size, account_id, flags, judged_flaggers } = row;
  const partial = new Set([account_id, ...judged_flaggers, ...flaggersOf(flags)]);
  const valid = verdicts.filter(({ reviewer }) => !partial.has(reviewer));
  const counted = is_panel_given ? valid : valid.filter(({ verdict }) => verdict !== 'unsure');
  const ends = counted.flatMap(({ finalAt }) => (finalAt === undefined ? [] : Date.parse(finalAt)));
  return counted.length < Math.max(panel_size, row.verdicts_needed) || ends.length === 0 ? null : Math.max(...ends);
}
