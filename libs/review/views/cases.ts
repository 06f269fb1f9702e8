import type { RecordedOf } from '../../events/event-definition.js';
import { ContentFlagged } from '../../images/index.js';
import { unhandled } from '../../kernel/decider.js';
import type { Recorded } from '../../kernel/envelope.js';
import { defineView, int4, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
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
  /** The system of a reviewer who is not ours. */
  source?: string;
  verdict: 'safe' | 'unsafe' | 'unsure';
  at: string;
}

/** The current round of a case, with the flags and verdicts of that round. */
const columns = {
  case_id: text(),
  image_id: text(),
  account_id: nullable(text()),
  /** `claimed` with `claimed_until` in the past means open: no event marks the end of a lease. */
  status: text<'open' | 'claimed' | 'confirmed' | 'dismissed'>(),
  round: int4(),
  panel_size: int4(),
  flags: jsonb<CaseFlag[]>(),
  /** Also those that changed nothing, if they were stored after the case was first opened. */
  flags_received: int4(),
  verdicts: jsonb<CaseVerdict[]>(),
  categories: jsonb<string[]>(),
  opened_at: timestamptz(),
  /** When the flag that opened the round was made. */
  flagged_at: timestamptz(),
  /** The first claim or verdict, like `judged_at` by the events' own times, which may not follow the log's order. */
  first_viewed_at: nullable(timestamptz()),
  /** The last verdict. */
  judged_at: nullable(timestamptz()),
  claimed_by: nullable(text()),
  claimed_until: nullable(timestamptz()),
  decided_at: nullable(timestamptz()),
  /** When the decision was stored; `decided_at` is the event's own time. */
  decision_stored_at: nullable(timestamptz()),
  /** The votes in the decision event. */
  votes: nullable(jsonb<Votes>()),
  /** The position of the case's last event, or of the last flag. */
  position: int8(),
};

export type CaseRow = RowOf<typeof columns>;

export const casesView = defineView({
  name: 'cases',
  version: 6,
  summary: 'Images under human review, their flags, claims and verdicts.',
  events: [...caseEvents, ContentFlagged],
  table: {
    name: 'cases',
    key: 'case_id',
    columns,
    // For the list of all cases, and for the queue.
    indexes: ['(opened_at, case_id)', `(opened_at, case_id) WHERE status IN ('open', 'claimed')`],
  },
  keys: ({ type, data }) => [type === 'ContentFlagged' ? data.imageId : data.caseId],
  evolve(row: CaseRow | undefined, event, caseId) {
    if (row && event.position <= row.position) return row;
    if (event.type === 'CaseOpened') return opened(caseId, row, event);
    if (event.type === 'ContentFlagged') {
      return row && { ...row, flags_received: row.flags_received + 1, position: event.position };
    }
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
    flags_received: before?.flags_received ?? 1,
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
        // Those that were stored before the case was opened were not counted as they came.
        flags_received: Math.max(row.flags_received, row.flags.length + 1),
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
        ...(row.claimed_by === data.reviewer &&
          data.reviewerSource === undefined && { status: 'open' as const, ...UNCLAIMED }),
        panel_size: data.panelSize ?? row.panel_size,
        verdicts: [
          ...row.verdicts,
          {
            reviewer: data.reviewer,
            ...(data.reviewerSource === undefined ? {} : { source: data.reviewerSource }),
            verdict: data.verdict,
            at: metadata.time,
          },
        ],
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
