import { unhandled } from '../../kernel/decider.js';
import { bool, defineView, int4, int8, nullable, type RowOf, text, timestamptz } from '../../projections/view.js';
import { CohortAdmitted, CohortClosed, CohortOnboarded } from '../events.js';

const columns = {
  cohort_id: text(),
  /** The number of people admitted; null until the view has the admission. */
  size: nullable(int4()),
  selection: nullable(text<'first-come' | 'listed'>()),
  per_week: int4(),
  admitted_at: nullable(timestamptz()),
  /** The position of its admission, by which it is the latest or not; null until the view has it. */
  admission: nullable(int8()),
  /** The number of accounts onboarded so far. */
  onboarded: int4(),
  /** Whether its onboarding is complete. */
  closed: bool(),
  /** `onboarded`: complete, even if fewer people waited than were admitted. */
  status: text<'admitted' | 'onboarding' | 'onboarded'>(),
  /** The position of the last event that reports onboarded accounts; 0 before the first. */
  position: int8(),
};

export type CohortRow = RowOf<typeof columns>;

export const cohortsView = defineView({
  name: 'cohorts',
  version: 4,
  summary: 'Cohorts: how many people were admitted and how many are onboarded.',
  events: [CohortAdmitted, CohortOnboarded, CohortClosed],
  table: { name: 'cohorts', key: 'cohort_id', columns, indexes: ['(admission)'] },
  keys: ({ data }) => [data.cohortId],
  evolve(known: CohortRow | undefined, event, cohortId) {
    const row = known ?? { ...unknown, cohort_id: cohortId };
    switch (event.type) {
      case 'CohortAdmitted': {
        if (row.size !== null) return row;
        const { size, selection, perWeek, at } = event.data;
        const { position: admission } = event;
        return settled({ ...row, size, selection, per_week: perWeek, admitted_at: Date.parse(at), admission });
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
  admission: null,
  onboarded: 0,
  closed: false,
  status: 'admitted',
  position: 0,
};

function settled(row: CohortRow): CohortRow {
  if (row.closed || (row.onboarded > 0 && row.onboarded >= (row.size ?? 0))) return { ...row, status: 'onboarded' };
  return { ...row, status: row.onboarded > 0 ? 'onboarding' : 'admitted' };
}
