import type { View } from '../../projections/view.js';

export type EnforcementRow = {
  case_id: string;
  account_id: string;
  ordered_at: number;
  completed_at: number | null;
  status: 'ordered' | 'completed';
};

/** By case: each confirmed review leads to one enforcement, also where its account has several. */
export const enforcementsView: View<EnforcementRow> = {
  name: 'enforcements',
  version: 1,
  summary: 'What confirmed reviews called for, and what of it is done.',
  types: ['EnforcementOrdered', 'EnforcementCompleted'],
  table: {
    name: 'enforcements',
    key: 'case_id',
    columns: {
      case_id: { type: 'text' },
      account_id: { type: 'text' },
      ordered_at: { type: 'timestamptz' },
      completed_at: { type: 'timestamptz', nullable: true },
      status: { type: 'text' },
    },
    indexes: ['(account_id)', `(ordered_at) WHERE status = 'ordered'`],
  },
  keys: (event) => [event.data.caseId],
  evolve(row, { type, data, metadata }, caseId) {
    const at = Date.parse(metadata.time);
    if (type === 'EnforcementOrdered') {
      return (
        row ?? { case_id: caseId, account_id: data.accountId, ordered_at: at, completed_at: null, status: 'ordered' }
      );
    }
    return row && row.completed_at === null ? { ...row, completed_at: at, status: 'completed' } : row;
  },
};
