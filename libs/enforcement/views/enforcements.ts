import { defineView, int8, jsonb, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import type { Order } from '../enforcement.js';
import { type EnforcementEvent, enforcementEvents, type MEASURES } from '../events.js';

const columns = {
  /** The id of the case, or that of a decision by hand. */
  enforcement_id: text(),
  account_id: text(),
  case_id: nullable(text()),
  clause: nullable(text()),
  measure: text<(typeof MEASURES)[number]>(),
  action: nullable(text<NonNullable<Order['action']>>()),
  until: nullable(timestamptz()),
  /** When the decision was stored, or the order of an earlier release, which does not say that. */
  decided_at: timestamptz(),
  ordered_at: timestamptz(),
  completed_at: nullable(timestamptz()),
  /** When an appeal undid it; a later order begins anew. */
  reversed_at: nullable(timestamptz()),
  /** The targets that it was ordered for, and those that have not acknowledged what was asked last. */
  targets: jsonb<readonly string[]>(),
  waiting_for: jsonb<readonly string[]>(),
  /** When they were overdue first; null once all have acknowledged, or are asked something new. */
  overdue_at: nullable(timestamptz()),
  /** The position of its order. */
  position: int8(),
  /** The position of its last event. */
  last_position: int8(),
};

export type EnforcementRow = RowOf<typeof columns>;

export const enforcementsView = defineView({
  name: 'enforcements',
  version: 4,
  summary: 'What was ordered against accounts: by case or by hand.',
  events: enforcementEvents,
  table: {
    name: 'enforcements',
    key: 'enforcement_id',
    columns,
    indexes: [
      '(account_id, position)',
      '(position) WHERE case_id IS NOT NULL',
      `(position) WHERE waiting_for <> '[]'::jsonb`,
    ],
  },
  keys: ({ data: { enforcementId, caseId } }) => [(enforcementId ?? caseId)!],
  evolve(row: EnforcementRow | undefined, event, id) {
    const { recordedAt, position } = event;
    const at = Date.parse(recordedAt);
    if (row && position <= row.last_position) return row;
    if (event.type !== 'EnforcementOrdered') return row && { ...changed(row, event, at), last_position: position };
    const { data } = event;
    return {
      enforcement_id: id,
      account_id: data.accountId,
      case_id: data.caseId ?? null,
      clause: data.clause ?? null,
      measure: data.measure,
      action: data.action ?? null,
      until: data.until === undefined ? null : Date.parse(data.until),
      decided_at: data.decidedAt === undefined ? at : Date.parse(data.decidedAt),
      ordered_at: at,
      completed_at: null,
      reversed_at: null,
      targets: data.targets ?? [],
      waiting_for: data.targets ?? [],
      overdue_at: null,
      position,
      last_position: position,
    };
  },
});

function changed(
  row: EnforcementRow,
  { type, data }: Exclude<EnforcementEvent, { type: 'EnforcementOrdered' }>,
  at: number,
): EnforcementRow {
  switch (type) {
    case 'EnforcementCompleted':
      return { ...row, completed_at: row.completed_at ?? at };
    case 'EnforcementReversed':
      return { ...row, reversed_at: at, waiting_for: row.targets, overdue_at: null };
    case 'EnforcementAcknowledged': {
      const waiting_for = row.waiting_for.filter((target) => target !== data.target);
      return { ...row, waiting_for, overdue_at: waiting_for.length === 0 ? null : row.overdue_at };
    }
    case 'EnforcementOverdue':
      return { ...row, overdue_at: row.overdue_at ?? at };
    case 'EnforcementRedelivered':
      return row;
  }
}
