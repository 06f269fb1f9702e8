import { placeOf } from '../../kernel/decider.js';
import { defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { isolationStream, type Span } from '../isolation.js';
import { type ISOLATED_KINDS, isolationEvents } from '../isolation-events.js';

const columns = {
  flagged_by: text(),
  flagger_kind: text<(typeof ISOLATED_KINDS)[number]>(),
  spans: jsonb<readonly Span[]>(),
  counted_after: int8(),
  replayed_through: int8(),
  /** The latest end of those that no lead has ended. */
  until: nullable(timestamptz()),
  /** The position of the flagger's last event. */
  position: int8(),
};

export type IsolationRow = RowOf<typeof columns>;

export const isolationsView = defineView({
  name: 'isolations',
  version: 3,
  summary: 'Whose flags are kept apart, since when and until when.',
  events: isolationEvents,
  table: { name: 'isolations', key: 'flagged_by', columns, indexes: ['(until) WHERE until IS NOT NULL'] },
  keys: ({ data }) => [data.flaggedBy],
  evolve(row: IsolationRow | undefined, event, flaggedBy) {
    if (row && event.position <= row.position) return row;
    const kind = event.type === 'FlaggerIsolated' ? event.data.flaggerKind : row?.flagger_kind;
    if (!kind) return undefined;
    const before = row
      ? { spans: row.spans, countedAfter: row.counted_after, replayedThrough: row.replayed_through }
      : isolationStream.initial;
    const { spans, countedAfter, replayedThrough } = isolationStream.evolve(before, event, placeOf(event));
    const ends = spans.flatMap(({ until, releasedAt }) => (releasedAt === undefined ? [until] : []));
    return {
      flagged_by: flaggedBy,
      flagger_kind: kind,
      spans,
      counted_after: countedAfter,
      replayed_through: replayedThrough,
      until: ends.length > 0 ? Math.max(...ends) : null,
      position: event.position,
    };
  },
});
