import { defineView, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import type { Order } from '../enforcement.js';
import { enforcementEvents, type MEASURES } from '../events.js';

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
  /** The position of its order. */
  position: int8(),
  /** The position of its last event. */
  last_position: int8(),
};

export type EnforcementRow = RowOf<typeof columns>;

export const enforcementsView = defineView({
  name: 'enforcements',
  version: 3,
  summary: 'What was ordered against accounts: by case or by hand.',
  events: enforcementEvents,
  table: {
    name: 'enforcements',
    key: 'enforcement_id',
    columns,
    indexes: ['(account_id, position)', '(position) WHERE case_id IS NOT NULL'],
  },
  keys: ({ data: { enforcementId, caseId } }) => [(enforcementId ?? caseId)!],
  evolve(row: EnforcementRow | undefined, { type, data, recordedAt, position }, id) {
    const at = Date.parse(recordedAt);
    if (row && position <= row.last_position) return row;
    if (type === 'EnforcementCompleted')
      return row && { ...row, completed_at: row.completed_at ?? at, last_position: position };
    if (type === 'EnforcementReversed') return row && { ...row, reversed_at: at, last_position: position };
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
      position,
      last_position: position,
    };
  },
});
