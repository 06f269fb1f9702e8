import { defineView, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { type REQUEST_KINDS, type REQUEST_OUTCOMES, requestEvents } from '../request-events.js';

const columns = {
  request_id: text(),
  person: text(),
  kind: text<(typeof REQUEST_KINDS)[number]>(),
  received_at: timestamptz(),
  due_at: timestamptz(),
  closed_at: nullable(timestamptz()),
  outcome: nullable(text<(typeof REQUEST_OUTCOMES)[number]>()),
  reason: nullable(text()),
  /** The position of its last event. */
  position: int8(),
};

export type SubjectRequestRow = RowOf<typeof columns>;

export const subjectRequestsView = defineView({
  name: 'subject-requests',
  version: 1,
  summary: 'What people asked for about their data, and until when each has to be answered.',
  events: requestEvents,
  table: {
    name: 'subject_requests',
    key: 'request_id',
    columns,
    indexes: ['(due_at, request_id)', '(due_at, request_id) WHERE closed_at IS NULL'],
  },
  keys: ({ data }) => [data.requestId],
  evolve(row: SubjectRequestRow | undefined, { type, data, metadata, position }, request_id) {
    if (row && position <= row.position) return row;
    if (type === 'SubjectRequestClosed') {
      const { outcome, reason } = data;
      return row && { ...row, closed_at: Date.parse(metadata.time), outcome, reason, position };
    }
    const { person, kind, receivedAt, dueAt } = data;
    return {
      ...{ request_id, person, kind, received_at: Date.parse(receivedAt), due_at: Date.parse(dueAt) },
      ...{ closed_at: null, outcome: null, reason: null, position },
    };
  },
});
