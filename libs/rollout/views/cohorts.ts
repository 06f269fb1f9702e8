import type { View } from '../../projections/view.js';

export type CohortRow = {
  cohort_id: string;
  /** People admitted; null before the admission is seen. */
  size: number | null;
  selection: 'first-come' | 'listed' | null;
  per_week: number;
  admitted_at: number | null;
  /** Accounts let in so far. */
  onboarded: number;
  /** Nobody else comes in with it. */
  closed: boolean;
  /** `onboarded`: as many are in as there were to be had. */
  status: 'admitted' | 'onboarding' | 'onboarded';
  /** Of the last event that told who is in; 0 before the first. */
  position: number;
};

export const cohortsView: View<CohortRow> = {
  name: 'cohorts',
  version: 3,
  summary: 'Cohorts: how many were admitted and how many are in.',
  types: ['CohortAdmitted', 'CohortOnboarded', 'CohortClosed'],
  table: {
    name: 'cohorts',
    key: 'cohort_id',
    columns: {
      cohort_id: { type: 'text' },
      size: { type: 'int4', nullable: true },
      selection: { type: 'text', nullable: true },
      per_week: { type: 'int4' },
      admitted_at: { type: 'timestamptz', nullable: true },
      onboarded: { type: 'int4' },
      closed: { type: 'bool' },
      status: { type: 'text' },
      position: { type: 'int8' },
    },
  },
  keys: (event) => [event.data.cohortId],
  evolve(row = unheardOf, { type, data, position }, cohortId) {
    if (type === 'CohortAdmitted') {
      if (row.size !== null) return row;
      const { size, selection, perWeek, at } = data;
      return settled({ ...row, cohort_id: cohortId, size, selection, per_week: perWeek, admitted_at: Date.parse(at) });
    }
    if (type === 'CohortClosed') return settled({ ...row, cohort_id: cohortId, closed: true });
    if (position <= row.position) return row;
    const onboarded = row.onboarded + data.accounts.length;
    return settled({
      ...row,
      cohort_id: cohortId,
      per_week: row.size === null ? data.perWeek : row.per_week,
      onboarded,
      position,
    });
  },
};

const unheardOf: CohortRow = {
  cohort_id: '',
  size: null,
  selection: null,
  per_week: 0,
  admitted_at: null,
  onboarded: 0,
  closed: false,
  status: 'admitted',
  position: 0,
};

function settled(row: CohortRow): CohortRow {
  if (row.closed || (row.onboarded > 0 && row.onboarded >= (row.size ?? 0))) return { ...row, status: 'onboarded' };
  return { ...row, status: row.onboarded > 0 ? 'onboarding' : 'admitted' };
}
