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
  /** When those that are overdue were so first; null if none is. */
  overdue_at: nullable(timestamptz()),
  /** Those of them that are noted as overdue. */
  overdue: jsonb<readonly string[]>(),
  /** When the targets were asked: by its order, or by its reversal. */
  asked_at: timestamptz(),
  /** When overdue ones are asked again; null before they are the first time. */
  next_attempt_at: nullable(timestamptz()),
  /** The position of its order. */
  position: int8(),
  /** The position of its last event. */
  last_position: int8(),
};

export type EnforcementRow = RowOf<typeof columns>;

export const enforcementsView = defineView({
  name: 'enforcements',
  version: 5,
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
      `(COALESCE(next_attempt_at, asked_at)) WHERE waiting_for <> '[]'::jsonb`,
    ],
  },
  // Both are optional: an event that has neither is about no enforcement.
  keys({ data: { enforcementId, caseId } }) {
    const id = enforcementId ?? caseId;
    return id === undefined ? [] : [id];
  },
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
      ...askedAt(at),
      position,
      last_position: position,
    };
  },
});

const askedAt = (at: number) => ({ asked_at: at, overdue: [], overdue_at: null, next_attempt_at: null });

function without(row: EnforcementRow, targets: readonly string[]): EnforcementRow {
  const isLeft = (target: string) => !targets.includes(target);
  const overdue = row.overdue.filter(isLeft);
  const overdue_at = overdue.length === 0 ? null : row.overdue_at;
  return { ...row, waiting_for: row.waiting_for.filter(isLeft), overdue, overdue_at };
}

function changed(
  row: EnforcementRow,
  { type, data }: Exclude<EnforcementEvent, { type: 'EnforcementOrdered' }>,
  at: number,
): EnforcementRow {
  switch (type) {
    case 'EnforcementCompleted':
      return { ...row, completed_at: row.completed_at ?? at };
    case 'EnforcementReversed':
      return { ...row, reversed_at: at, waiting_for: row.targets, ...askedAt(at) };
    case 'EnforcementAcknowledged':
      return without(row, [data.target]);
    case 'EnforcementLifted':
      return without(row, data.targets);
    case 'EnforcementOverdue': {
      const overdue = [...new Set([...row.overdue, ...data.targets])].filter((one) => row.waiting_for.includes(one));
      return { ...row, overdue, overdue_at: row.overdue_at ?? at, next_attempt_at: Date.parse(data.nextAttemptAt) };
    }
    case 'EnforcementRedelivered':
      return row;
  }
}
