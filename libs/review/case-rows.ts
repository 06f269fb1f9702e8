import type { Verdict } from './case.js';

/* What the rows of the view of cases consist of. */

/** Part of a JSON column, so its fields are named as in the events. */
export interface CaseFlag {
  /** Absent, like its flagger, for a round that was opened without a flag. */
  flagId?: string;
  flaggedBy?: string;
  categories: string[];
}

/** Part of a JSON column, so its fields are named as in the events. */
export interface CaseVerdict {
  reviewer: string;
  /** The system of a reviewer who is not ours. */
  source?: string;
  verdict: Verdict;
  clause?: string;
  at: string;
  /** Until when it can be taken back; absent if it can't. */
  finalAt?: string;
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

/** Of a status in rows and lists, which show an open case that somebody has claimed as claimed. */
export const isOpen = (status: string | undefined): status is 'open' | 'claimed' =>
  status === 'open' || status === 'claimed';
/** SQL: the same. */
export const IS_OPEN = `status IN ('open', 'claimed')`;
export const IS_CLOSED = `status NOT IN ('open', 'claimed')`;
/** The condition of the partial index of all cases that wait; it is true of each of them. */
export const WAITS = `${IS_OPEN} AND round > 0`;

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
  if (!isOpen(row.status)) return null;
  const { verdicts, is_panel_given, panel_size, account_id, flags, judged_flaggers } = row;
  const partial = new Set([account_id, ...judged_flaggers, ...flaggersOf(flags)]);
  const valid = verdicts.filter(({ reviewer }) => !partial.has(reviewer));
  const counted = is_panel_given ? valid : valid.filter(({ verdict }) => verdict !== 'unsure');
  const ends = counted.flatMap(({ finalAt }) => (finalAt === undefined ? [] : Date.parse(finalAt)));
  return counted.length < Math.max(panel_size, row.verdicts_needed) || ends.length === 0 ? null : Math.max(...ends);
}

/** Of who flagged it: the last decision about their flags, and for whom it counts. */
export interface OutcomeBefore {
  outcome: 'confirmed' | 'dismissed' | null;
  judged_flaggers: string[];
}

/** Null unless a bulk job decides. */
export const beforeBulk = (
  { outcome, judged_flaggers }: OutcomeBefore,
  data: { jobId?: string } | object,
): OutcomeBefore | null => ('jobId' in data && data.jobId !== undefined ? { outcome, judged_flaggers } : null);

/** As if the bulk job had not decided it. */
export const asBefore = (
  { before_bulk }: { before_bulk: OutcomeBefore | null },
  { round, panelSize }: { round: number; panelSize: number },
) => ({
  status: 'open' as const,
  round,
  panel_size: panelSize,
  verdicts_needed: 0,
  verdicts: [],
  decided_at: null,
  decision_stored_at: null,
  votes: null,
  outcome: before_bulk?.outcome ?? null,
  judged_flaggers: before_bulk?.judged_flaggers ?? [],
  before_bulk: null,
});

export const UNCLAIMED = {
  claimed_by: null,
  claimed_until: null,
  reserved_for: null,
  reserved_until: null,
  is_held: false,
};
