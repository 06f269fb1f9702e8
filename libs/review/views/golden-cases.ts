import type { RecordedOf } from '../../events/event-definition.js';
import { unhandled } from '../../kernel/decider.js';
import type { Actor } from '../../kernel/envelope.js';
import { defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { CaseOpened } from '../events.js';
import { GoldenCaseAnswered, GoldenCaseWithdrawn, goldenEvents } from '../golden-events.js';

type Answers = RecordedOf<typeof GoldenCaseAnswered>['data']['answers'];

const columns = {
  golden_id: text(),
  /** Until it is `open`, its case does not exist. */
  status: text<'waiting' | 'drawn' | 'presented' | 'open' | 'answered' | 'withdrawn'>(),
  verdict: text(),
  clause: nullable(text()),
  note: nullable(text()),
  added_at: timestamptz(),
  added_by: text(),
  /** The id of the event because of which it was drawn. */
  drawn_because: nullable(text()),
  opens_at: nullable(timestamptz()),
  opened_at: nullable(timestamptz()),
  answered_at: nullable(timestamptz()),
  answers: jsonb<Answers>(),
  retired_at: nullable(timestamptz()),
  retired_by: nullable(jsonb<Actor>()),
  /** The position of its last event. */
  position: int8(),
};

export type GoldenRow = RowOf<typeof columns>;

const EVENTS = [...goldenEvents, CaseOpened, GoldenCaseAnswered, GoldenCaseWithdrawn] as const;
type GoldenViewEvent = RecordedOf<(typeof EVENTS)[number]>;

export const goldenCasesView = defineView({
  name: 'golden-cases',
  version: 1,
  summary: 'Images whose right verdict is known, and what reviewers answered.',
  events: EVENTS,
  table: {
    name: 'golden_cases',
    key: 'golden_id',
    columns,
    // For the list, for what is drawn next, for what was drawn because of an event, and for the work that is due.
    indexes: [
      '(added_at DESC, golden_id DESC)',
      `(golden_id) WHERE status = 'waiting' AND retired_at IS NULL`,
      '(drawn_because) WHERE drawn_because IS NOT NULL',
      `(golden_id) WHERE status IN ('drawn', 'presented') OR (status = 'open' AND retired_at IS NOT NULL)`,
    ],
  },
  keys: (event) => {
    const id = idOf(event);
    return id === undefined ? [] : [id];
  },
  evolve(row: GoldenRow | undefined, event, goldenId) {
    if (row && event.position <= row.position) return row;
    if (event.type === 'GoldenCaseAdded') return row ?? added(goldenId, event);
    return row && { ...row, ...change(event), position: event.position };
  },
  counters: {
    name: 'golden_counters',
    columns: ['answered', 'correct'],
    contribution: ({ retired_at, answers }: GoldenRow) =>
      retired_at === null
        ? answers.flatMap(({ reviewer, isRight }) => {
            const amounts = { answered: 1, correct: isRight ? 1 : 0 };
            return [
              { bucket: GOLDEN_TOTAL, amounts },
              { bucket: goldenBucket(reviewer), amounts },
            ];
          })
        : [],
  },
});

/** The bucket of the answers of all reviewers. */
export const GOLDEN_TOTAL = 'all';
/** The bucket of the answers of one. */
export const goldenBucket = (reviewer: string): string => `reviewer:${reviewer}`;

function idOf(event: GoldenViewEvent): string | undefined {
  if (event.type === 'CaseOpened') return event.data.origin === 'golden' ? event.data.caseId : undefined;
  return 'goldenId' in event.data ? event.data.goldenId : event.data.caseId;
}

const added = (
  golden_id: string,
  { data, metadata, position }: RecordedOf<(typeof goldenEvents)[0]> & { type: 'GoldenCaseAdded' },
): GoldenRow => ({
  golden_id,
  status: 'waiting',
  verdict: data.verdict,
  clause: data.clause ?? null,
  note: data.note ?? null,
  added_at: Date.parse(metadata.time),
  added_by: data.by,
  drawn_because: null,
  opens_at: null,
  opened_at: null,
  answered_at: null,
  answers: [],
  retired_at: null,
  retired_by: null,
  position,
});

function change(event: Exclude<GoldenViewEvent, { type: 'GoldenCaseAdded' }>): Partial<GoldenRow> {
  const at = Date.parse(event.metadata.time);
  switch (event.type) {
    case 'GoldenCaseDrawn':
      return { status: 'drawn', drawn_because: event.data.because, opens_at: Date.parse(event.data.opensAt) };
    case 'GoldenCasePresented':
      return { status: 'presented' };
    case 'CaseOpened':
      return { status: 'open', opened_at: at };
    case 'GoldenCaseAnswered':
      return { status: 'answered', answered_at: at, answers: event.data.answers };
    case 'GoldenCaseWithdrawn':
      return { status: 'withdrawn' };
    case 'GoldenCaseRetired':
      return { retired_at: at, retired_by: event.metadata.actor };
    default:
      return unhandled(event);
  }
}
