import type { RecordedOf } from '../../events/event-definition.js';
import { ContentFlagged } from '../../images/index.js';
import { unhandled } from '../../kernel/decider.js';
import type { Recorded } from '../../kernel/envelope.js';
import {
  bool,
  defineView,
  int4,
  int8,
  jsonb,
  nullable,
  type RowOf,
  text,
  timestamptz,
} from '../../projections/view.js';
import { CELL_INDEX, cellCounts } from '../case-cells.js';
import { CASE_INDEXES } from '../case-indexes.js';
import {
  asBefore,
  beforeBulk,
  type CaseFlag,
  type CaseVerdict,
  decidesAt,
  flaggersOf,
  flagOf,
  isOpen,
  type OutcomeBefore,
  UNCLAIMED,
  union,
} from '../case-rows.js';
import type { Closed, DataOf, Origin } from '../case-state.js';
import { type CaseEvent, type CaseOpened, caseEvents } from '../events.js';
import { MAX_FLAGS } from '../flag-decisions.js';
import { DEFAULT_QUEUE } from '../queue-rules.js';
import type { Votes } from '../verdict-decisions.js';

/** The current round of a case, with the flags and verdicts of that round. */
const columns = {
  case_id: text(),
  image_id: text(),
  account_id: nullable(text()),
  /** `claimed` with `claimed_until` in the past means open: no event marks the end of a lease. */
  status: text<'open' | 'claimed' | Closed>(),
  round: int4(),
  /** Why the round was opened. */
  origin: text<Origin>(),
  /** Whether the case was first opened without a flag, which `flags_received` counts as one. */
  is_unflagged: bool(),
  panel_size: int4(),
  flags: jsonb<CaseFlag[]>(),
  is_panel_given: bool(),
  /** Verdicts that decide the round if that is more than the panel; else 0. */
  verdicts_needed: int4(),
  /** Also those that changed nothing, if they were stored after the case was first opened. */
  flags_received: int4(),
  verdicts: jsonb<CaseVerdict[]>(),
  /** Ours whose verdicts these are, sorted. */
  reviewers: jsonb<string[]>(),
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
  /** Held by this reviewer or handed over to them; over when `reserved_until` is in the past. */
  reserved_for: nullable(text()),
  reserved_until: nullable(timestamptz()),
  /** Whether that reviewer set it aside, and so does not want it back before. */
  is_held: bool(),
  is_escalated: bool(),
  queue: text(),
  /** 0 until the case is routed. */
  priority: int4(),
  /** The place in the queue; when the round began until the case is routed. */
  due_at: timestamptz(),
  /** When the verdicts of a complete panel are final, while one can be taken back. */
  decides_at: nullable(timestamptz()),
  decided_at: nullable(timestamptz()),
  /** When the decision was stored; `decided_at` is the event's own time. */
  decision_stored_at: nullable(timestamptz()),
  /** The votes in the decision event. */
  votes: nullable(jsonb<Votes>()),
  /** The last decision about the flags, which later rounds may replace. */
  outcome: nullable(text<'confirmed' | 'dismissed'>()),
  /** Who flagged in the rounds that were decided; at most MAX_FLAGS. */
  judged_flaggers: jsonb<string[]>(),
  /** The two before the decision of a bulk job, if it was that: for when the job is undone. */
  before_bulk: nullable(jsonb<OutcomeBefore>()),
  /** The position of the case's last event, or of the last flag. */
  position: int8(),
};

export type CaseRow = RowOf<typeof columns>;

export const casesView = defineView({
  name: 'cases',
  version: 14,
  summary: 'Images under human review, their flags, claims and verdicts.',
  events: [...caseEvents, ContentFlagged],
  table: {
    name: 'cases',
    key: 'case_id',
    columns,
    indexes: CASE_INDEXES,
  },
  keys: ({ type, data }) => [type === 'ContentFlagged' ? data.imageId : data.caseId],
  evolve(row: CaseRow | undefined, event, caseId) {
    if (row && event.position <= row.position) return row;
    if (event.type === 'CaseOpened') return opened(caseId, row, event);
    if (event.type === 'ContentFlagged') {
      return row && { ...row, flags_received: row.flags_received + 1, position: event.position };
    }
    if (!row) return undefined;
    const after = { ...row, ...change(row, event), position: event.position };
    return { ...after, decides_at: decidesAt(after), reviewers: oursIn(after.verdicts) };
  },
  counters: {
    name: 'case_counters',
    columns: ['open', 'golden', 'decided', 'confirmed', 'cases'],
    contribution: (row) => [...waiting(row), ...judged(row), ...cellCounts(row)],
    indexes: [CELL_INDEX],
  },
});

const oursIn = (verdicts: readonly CaseVerdict[]): string[] =>
  union(
    [],
    verdicts.flatMap(({ reviewer, source }) => (source === undefined ? [reviewer] : [])),
  );

/** The bucket of the open cases of a queue. */
export const queueBucket = (queue: string): string => `queue:${queue}`;
/** The bucket of the decided cases that somebody flagged. */
export const flaggerBucket = (flagger: string): string => `flagger:${flagger}`;

/** Golden cases are among the open ones, and counted apart for figures that leave them out. */
const waiting = (row: CaseRow) =>
  isOpen(row.status)
    ? [{ bucket: queueBucket(row.queue), amounts: { open: 1, ...(row.origin === 'golden' && { golden: 1 }) } }]
    : [];

/** A problem of the model counts neither for nor against anybody. */
function judged({ outcome, origin, judged_flaggers }: CaseRow) {
  if (outcome === null || origin === 'golden') return [];
  const amounts = { decided: 1, confirmed: outcome === 'confirmed' ? 1 : 0 };
  return judged_flaggers.map((flagger) => ({ bucket: flaggerBucket(flagger), amounts }));
}

function opened(
  caseId: string,
  before: CaseRow | undefined,
  { data, metadata, position }: RecordedOf<typeof CaseOpened>,
): CaseRow {
  const categories = data.sample?.categories ?? data.categories;
  return {
    case_id: caseId,
    image_id: data.imageId,
    account_id: data.accountId ?? before?.account_id ?? null,
    origin: data.origin ?? 'flags',
    is_unflagged: before?.is_unflagged ?? data.flaggedBy === undefined,
    flags: [flagOf({ ...data, categories })],
    flags_received: before?.flags_received ?? 1,
    categories: union([], categories),
    outcome: before?.outcome ?? null,
    judged_flaggers: before?.judged_flaggers ?? [],
    before_bulk: null,
    ...newRound(data, Date.parse(metadata.time), before),
    flagged_at: Date.parse(data.flaggedAt),
    position,
  };
}

/**
 * In the queue and as urgent as the round before, until it is routed.
 * @param at when it began, in epoch milliseconds
 */
const newRound = (
  { round, panelSize }: { round: number; panelSize: number },
  at: number,
  before: CaseRow | undefined,
) => ({
  queue: before?.queue ?? DEFAULT_QUEUE,
  priority: before?.priority ?? 0,
  due_at: at + (before ? before.due_at - before.opened_at : 0),
  status: 'open' as const,
  round,
  panel_size: panelSize,
  is_panel_given: false,
  verdicts_needed: 0,
  verdicts: [],
  reviewers: [],
  opened_at: at,
  flagged_at: at,
  first_viewed_at: null,
  judged_at: null,
  ...UNCLAIMED,
  is_escalated: false,
  decides_at: null,
  decided_at: null,
  decision_stored_at: null,
  votes: null,
});

const reservedFor = (reviewer: string, until: string, isHeld: boolean) => ({
  status: 'open' as const,
  ...UNCLAIMED,
  is_held: isHeld,
  reserved_for: reviewer,
  reserved_until: Date.parse(until),
});

const reopened = (row: CaseRow, data: DataOf<'CaseReopened'>, at: number): Partial<CaseRow> =>
  data.undoes === undefined ? newRound(data, at, row) : asBefore(row, data);

const STATUS_AFTER = {
  ReviewConfirmed: 'confirmed',
  ReviewUpheld: 'confirmed',
  ReviewDismissed: 'dismissed',
  ModelProblemFound: 'model-problem',
  ReviewOverturned: 'overturned',
} as const;

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
        flags: [...row.flags, flagOf(data)],
        categories: union(row.categories, data.categories),
      };
    case 'CaseRouted':
      return {
        queue: data.queue,
        priority: data.priority,
        due_at: Date.parse(data.dueAt),
        panel_size: data.panelSize ?? row.panel_size,
      };
    case 'CaseMoved':
      return { status: 'open', queue: data.queue, ...UNCLAIMED, is_escalated: false };
    case 'CaseClaimed':
      return {
        status: 'claimed',
        claimed_by: data.reviewer,
        claimed_until: Date.parse(data.until),
        first_viewed_at: Math.min(row.first_viewed_at ?? at, at),
      };
    case 'CaseReleased':
      return { status: 'open', ...UNCLAIMED };
    case 'CaseHandedOver':
      return { ...reservedFor(data.reviewer, data.until, false), is_escalated: false };
    case 'CaseHeld':
      return reservedFor(data.reviewer, data.until, true);
    case 'CaseEscalated':
      return { status: 'open', ...UNCLAIMED, is_escalated: true };
    case 'CaseReopened':
      return reopened(row, data, at);
    case 'VerdictGiven':
      return {
        ...(row.claimed_by === data.reviewer &&
          data.reviewerSource === undefined && { status: 'open' as const, ...UNCLAIMED }),
        panel_size: data.panelSize ?? row.panel_size,
        is_panel_given: row.is_panel_given || data.panelSize !== undefined,
        verdicts: [
          ...row.verdicts,
          {
            reviewer: data.reviewer,
            ...(data.reviewerSource === undefined ? {} : { source: data.reviewerSource }),
            verdict: data.verdict,
            ...(data.clause === undefined ? {} : { clause: data.clause }),
            at: metadata.time,
            ...(data.finalAt === undefined ? {} : { finalAt: data.finalAt }),
          },
        ],
        first_viewed_at: Math.min(row.first_viewed_at ?? at, at),
        judged_at: Math.max(row.judged_at ?? at, at),
      };
    case 'VerdictWithdrawn':
      return {
        verdicts: row.verdicts.filter(({ reviewer, source }) => reviewer !== data.reviewer || source !== undefined),
      };
    case 'FurtherReviewRequired':
      return { verdicts_needed: data.verdicts };
    case 'ReviewConfirmed':
    case 'ReviewUpheld':
    case 'ReviewDismissed':
    case 'ModelProblemFound':
      return {
        status: STATUS_AFTER[type],
        account_id: data.accountId ?? row.account_id,
        // A case of the sample keeps what it shows: without it, it would look like no flagged case once decided.
        categories: row.origin === 'sample' ? row.categories : data.categories,
        decided_at: at,
        decision_stored_at: Date.parse(recordedAt),
        votes: data.votes ?? null,
        ...outcomeOf(row, type),
        before_bulk: beforeBulk(row, data),
        ...UNCLAIMED,
      };
    case 'ReviewOverturned':
      // When and how it was confirmed remains, and a round that is open goes on; those who flagged it were wrong.
      return { ...(!isOpen(row.status) && { status: STATUS_AFTER[type] }), outcome: OUTCOMES[type] };
    case 'ReviewAmended':
      return {};
    case 'GoldenCaseAnswered':
    case 'GoldenCaseWithdrawn': {
      const status = type === 'GoldenCaseAnswered' ? data.outcome : 'dismissed';
      return { status, decided_at: at, decision_stored_at: Date.parse(recordedAt), ...UNCLAIMED };
    }
    default:
      return unhandled(event);
  }
}

const outcomeOf = ({ judged_flaggers, flags }: CaseRow, type: keyof typeof OUTCOMES) => ({
  outcome: OUTCOMES[type],
  judged_flaggers: union(judged_flaggers, flaggersOf(flags)).slice(0, MAX_FLAGS),
});

const OUTCOMES = {
  ReviewConfirmed: 'confirmed',
  ReviewUpheld: 'confirmed',
  ReviewDismissed: 'dismissed',
  ModelProblemFound: null,
  ReviewOverturned: 'dismissed',
} as const;
