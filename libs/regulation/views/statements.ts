import { defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import type { STATEMENT_STATUSES, Statement } from '../statement.js';
import { statementEvents } from '../statement-events.js';

const columns = {
  statement_id: text(),
  enforcement_id: text(),
  decision: text<Statement['decision']>(),
  clause: nullable(text()),
  status: text<(typeof STATEMENT_STATUSES)[number]>(),
  /** When the restriction began. */
  applied_at: timestamptz(),
  /** When it was first queued. */
  queued_at: timestamptz(),
  /** When the Commission's database had it. */
  accepted_at: nullable(timestamptz()),
  /** Why it was refused last. */
  errors: jsonb<readonly string[]>(),
  /** The position of its last event. */
  position: int8(),
};

export type StatementRow = RowOf<typeof columns>;

export const statementsView = defineView({
  name: 'statements',
  version: 1,
  summary: 'Statements of reasons for the Commission’s database, and what became of them.',
  events: statementEvents,
  table: {
    name: 'statements',
    key: 'statement_id',
    columns,
    // For those to be sent, for the lists of all and of a status, and for those of an enforcement.
    indexes: [
      `(queued_at, statement_id) WHERE status = 'waiting'`,
      '(queued_at, statement_id)',
      `(status, queued_at, statement_id) WHERE status <> 'accepted'`,
      '(enforcement_id)',
    ],
  },
  keys: ({ data }) => [data.statementId],
  evolve(row: StatementRow | undefined, { type, data, recordedAt, position }, statementId) {
    if (row && position <= row.position) return row;
    const at = Date.parse(recordedAt);
    switch (type) {
      case 'StatementQueued':
        return {
          statement_id: statementId,
          enforcement_id: data.enforcementId,
          decision: data.decision,
          clause: data.clause ?? null,
          status: 'waiting',
          applied_at: Date.parse(data.appliedAt),
          queued_at: row?.queued_at ?? at,
          accepted_at: null,
          errors: [],
          position,
        };
      case 'StatementAccepted':
        return row && { ...row, status: 'accepted', accepted_at: at, errors: [], position };
      case 'StatementRefused':
        return row && { ...row, status: 'refused', errors: data.errors, position };
    }
  },
  counters: {
    name: 'statement_counters',
    columns: ['waiting', 'accepted', 'refused'],
    contribution: ({ status, decision }) => [{ bucket: decision, amounts: { [status]: 1 } }],
  },
});
