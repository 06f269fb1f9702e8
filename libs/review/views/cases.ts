import type { RecordedOf } from '../../events/event-definition.js';
import { unhandled } from '../../kernel/decider.js';
import type { Recorded } from '../../kernel/envelope.js';
import { defineView } from '../../projections/view.js';
import { type CaseEvent, type CaseOpened, caseEvents } from '../events.js';
import type { Votes } from '../review-decisions.js';

/** Part of a JSON column, so its fields are named as in the events. */
export interface CaseFlag {
  flagId: string;
  flaggedBy: string;
  categories: string[];
}

export interface CaseVerdict {
  reviewer: string;
  verdict: 'safe' | 'unsafe' | 'unsure';
  at: string;
}

/** The current round of a case, with the flags and verdicts of that round. */
export type CaseRow = {
  case_id: string;
  image_id: string;
  account_id: string | null;
  /** `claimed` with `claimed_until` in the past means open: no event marks the end of a lease. */
  status: 'open' | 'claimed' | 'confirmed' | 'dismissed';
  round: number;
  panel_size: number;
  flags: CaseFlag[];
  verdicts: CaseVerdict[];
  categories: string[];
  opened_at: number;
  /** When the flag that opened the round was made. */
  flagged_at: number;
  /** The first claim or verdict, like `judged_at` by the events' own times, which may not follow the log's order. */
  first_viewed_at: number | null;
  /** The last verdict. */
  judged_at: number | null;
  claimed_by: string | null;
  claimed_until: number | null;
  decided_at: number | null;
  /** When the decision was stored; `decided_at` is the event's own time. */
  decision_stored_at: number | null;
  /** The votes in the decision event. */
  votes: Votes | null;
  /** The position of the case's last event. */
  position: number;
};

export const casesView = defineView({
  name: 'cases',
  version: 4,
  summary: 'Images under human review, their flags, claims and verdicts.',
  events: caseEvents,
  table: {
    name: 'cases',
    key: 'case_id',
    columns: {
      case_id: { type: 'text' },
      image_id: { type: 'text' },
      account_id: { type: 'text', nullable: true },
      status: { type: 'text' },
      round: { type: 'int4' },
      panel_size: { type: 'int4' },
      flags: { type: 'jsonb' },
      verdicts: { type: 'jsonb' },
      categories: { type: 'jsonb' },
      opened_at: { type: 'timestamptz' },
      flagged_at: { type: 'timestamptz' },
      first_viewed_at: { type: 'timestamptz', nullable: true },
      judged_at: { type: 'timestamptz', nullable: true },
      claimed_by: { type: 'text', nullable: true },
      claimed_until: { type: 'timestamptz', nullable: true },
      decided_at: { type: 'timestamptz', nullable: true },
      decision_stored_at: { type: 'timestamptz', nullable: true },
      votes: { type: 'jsonb', nullable: true },
      position: { type: 'int8' },
    },
    // For the list of all cases, and for the queue.
    indexes: ['(opened_at, case_id)', `(opened_at, case_id) WHERE status IN ('open', 'claimed')`],
  },
  keys: ({ data }) => [data.caseId],
  evolve(row: CaseRow | undefined, event, caseId) {
    if (row && event.position <= row.position) return row;
    if (event.type === 'CaseOpened') return opened(caseId, row, event);
    return row && { ...row, ...change(row, event), position: event.position };
  },
});

function opened(
  caseId: string,
  before: CaseRow | undefined,
  { data, metadata, position }: RecordedOf<typeof CaseOpened>,
): CaseRow {
  return {
    case_id: caseId,
    image_id: data.imageId,
    account_id: data.accountId ?? before?.account_id ?? null,
    status: 'open',
    round: data.round,
    panel_size: data.panelSize,
    flags: [{ flagId: data.flagId, flaggedBy: data.flaggedBy, categories: data.categories }],
    verdicts: [],
    categories: union([], data.categories),
    opened_at: Date.parse(metadata.time),
    flagged_at: Date.parse(data.flaggedAt),
    first_viewed_at: null,
    judged_at: null,
    ...UNCLAIMED,
    decided_at: null,
    decision_stored_at: null,
    votes: null,
    position,
  };
}

const UNCLAIMED = { claimed_by: null, claimed_until: null };

type Change = Exclude<Recorded<CaseEvent>, { type: 'CaseOpened' }>;

function change(row: CaseRow, event: Change): Partial<CaseRow> {
  const { type, data, metadata, recordedAt } = event;
  const at = Date.parse(metadata.time);
  switch (type) {
    case 'CaseJoined':
      return {
        account_id: data.accountId ?? row.account_id,
        flags: [...row.flags, { flagId: data.flagId, flaggedBy: data.flaggedBy, categories: data.categories }],
        categories: union(row.categories, data.categories),
      };
    case 'CaseClaimed':
      return {
        status: 'claimed',
        claimed_by: data.reviewer,
        claimed_until: Date.parse(data.until),
        first_viewed_at: Math.min(row.first_viewed_at ?? at, at),
      };
    case 'CaseReleased':
      return { status: 'open', ...UNCLAIMED };
    case 'VerdictGiven':
      return {
        ...(row.claimed_by === data.reviewer && { status: 'open' as const, ...UNCLAIMED }),
        panel_size: data.panelSize ?? row.panel_size,
        verdicts: [...row.verdicts, { reviewer: data.reviewer, verdict: data.verdict, at: metadata.time }],
        first_viewed_at: Math.min(row.first_viewed_at ?? at, at),
        judged_at: Math.max(row.judged_at ?? at, at),
      };
    case 'ReviewConfirmed':
    case 'ReviewDismissed':
      return {
        status: type === 'ReviewConfirmed' ? 'confirmed' : 'dismissed',
        account_id: data.accountId ?? row.account_id,
        categories: data.categories,
        decided_at: at,
        decision_stored_at: Date.parse(recordedAt),
        votes: data.votes ?? null,
        ...UNCLAIMED,
      };
    default:
      return unhandled(event);
  }
}

const union = (some: readonly string[], more: readonly string[]): string[] => [...new Set([...some, ...more])].sort();
