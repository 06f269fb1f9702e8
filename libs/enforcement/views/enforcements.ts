import { defineView, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import type { MEASURES } from '../events.js';
import { EnforcementCompleted, EnforcementOrdered } from '../events.js';

const columns = {
  /** The id of the case, or that of a decision by hand. */
  enforcement_id: text(),
  account_id: text(),
  case_id: nullable(text()),
  clause: nullable(text()),
  measure: text<(typeof MEASURES)[number]>(),
  action: nullable(text<'generate' | 'share'>()),
  until: nullable(timestamptz()),
  ordered_at: timestamptz(),
  completed_at: nullable(timestamptz()),
  /** The position of its order. */
  position: int8(),
};

export type EnforcementRow = RowOf<typeof columns>;

export const enforcementsView = defineView({
  name: 'enforcements',
  version: 1,
  summary: 'What was ordered against accounts: by case or by hand.',
  events: [EnforcementOrdered, EnforcementCompleted],
  table: {
    name: 'enforcements',
    key: 'enforcement_id',
    columns,
    indexes: ['(account_id, position)', '(position) WHERE case_id IS NOT NULL'],
  },
  keys: ({ data: { enforcementId, caseId } }) => [(enforcementId ?? caseId)!],
  evolve(row: EnforcementRow | undefined, { type, data, recordedAt, position }, id) {
    const at = Date.parse(recordedAt);
    if (type === 'EnforcementCompleted') return row && { ...row, completed_at: row.completed_at ?? at };
    return (
      row ?? {
        enforcement_id: id,
        account_id: data.accountId,
        case_id: data.caseId ?? null,
        clause: data.clause ?? null,
        measure: data.measure,
        action: data.action ?? null,
        until: data.until === undefined ? null : Date.parse(data.until),
        ordered_at: at,
        completed_at: null,
        position,
      }
    );
  },
});
