import { AccountOnboarded } from '../../account/index.js';
import { defineView, int4, int8, type RowOf, text, timestamptz } from '../../projections/view.js';

const columns = {
  account_id: text(),
  /** Of the first onboarding, as the time. */
  cohort_id: text(),
  /** The time that counts against the rate. */
  onboarded_at: timestamptz(),
  /** More than once is a fault. */
  times: int4(),
  /** The position of the last onboarding. */
  position: int8(),
};

export type OnboardingRow = RowOf<typeof columns>;

/** What was stored, not what a decision would have allowed: it is there to find faults of decisions. */
export const onboardingsView = defineView({
  name: 'onboardings',
  version: 1,
  summary: 'Who was onboarded when, to check that the rate was kept and that nobody came in twice.',
  events: [AccountOnboarded],
  table: { name: 'onboardings', key: 'account_id', columns, indexes: ['(onboarded_at)'] },
  keys: ({ data }) => [data.accountId],
  evolve(row: OnboardingRow | undefined, { data, metadata, position }, accountId) {
    if (row && position <= row.position) return row;
    if (row) return { ...row, times: row.times + 1, position };
    const { cohortId } = data;
    return {
      account_id: accountId,
      ...{ cohort_id: cohortId, onboarded_at: Date.parse(metadata.time), times: 1, position },
    };
  },
  counters: {
    name: 'onboarding_counters',
    columns: ['people'],
    contribution: ({ times }) =>
      ['all', ...(times > 1 ? ['repeated'] : [])].map((bucket) => ({ bucket, amounts: { people: 1 } })),
  },
});
