import { unhandled } from '../../kernel/decider.js';
import { defineView } from '../../projections/view.js';
import { CohortAdmitted, CohortClosed, CohortOnboarded } from '../events.js';

export type CohortRow = {
  cohort_id: string;
  /** The number of people admitted; null until the view has the admission. */
  size: number | null;
  selection: 'first-come' | 'listed' | null;
  per_week: number;
  admitted_at: number | null;
  /** The number of accounts onboarded so far. */
  onboarded: number;
  /** Whether its onboarding is complete. */
  closed: boolean;
  /** `onboarded`: complete, even if fewer people waited than were admitted. */
  status: 'admitted' | 'onboarding' | 'onboarded';
  /** The position of the last event that reports onboarded accounts; 0 before the first. */
  position: number;
};

export const cohortsView = defineView({
  name: 'cohorts',
  version: 3,
  summary: 'Cohorts: how many people were admitted and how many are onboarded.',
  events: [CohortAdmitted, CohortOnboarded, CohortClosed],
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
  keys: ({ data }) => [data.cohortId],
  evolve(known: CohortRow | undefined, event, cohortId) {
    const row = known ?? { ...unknown, cohort_id: cohortId };
    switch (event.type) {
      case 'CohortAdmitted': {
        if (row.size !== null) return row;
        const { size, selection, perWeek, at } = event.data;
        return settled({ ...row, size, selection, per_week: perWeek, admitted_at: Date.parse(at) });
      }
      case 'CohortClosed':
        return settled({ ...row, closed: true });
      case 'CohortOnboarded': {
        if (event.position <= row.position) return row;
        return settled({
          ...row,
          per_week: row.size === null ? event.data.perWeek : row.per_week,
          onboarded: row.onboarded + event.data.accounts.length,
          position: event.position,
        });
      }
      default:
        return unhandled(event);
    }
  },
});

const unknown: CohortRow = {
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
