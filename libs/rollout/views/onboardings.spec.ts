import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { onboardingsView } from './onboardings.js';

const onboarded = (position: number, accountId: string, cohortId = 'c1') =>
  recorded(position, 'AccountOnboarded', { accountId, cohortId });

describe('the onboardings view', () => {
  it('has when each person was onboarded, and counts them', () => {
    const { rows, counters } = foldView(onboardingsView, [onboarded(1, 'ann'), onboarded(2, 'ben')]);
    expect(rows.ann).toEqual({
      ...{ account_id: 'ann', cohort_id: 'c1', onboarded_at: Date.UTC(2022, 4, 18, 9, 1), times: 1, position: 1 },
    });
    expect(counters).toEqual({ all: { people: 2 } });
  });

  it('counts who was onboarded twice, and keeps the first time', () => {
    const { rows, counters } = foldView(onboardingsView, [onboarded(1, 'ann'), onboarded(2, 'ann', 'c2')]);
    expect(rows.ann).toMatchObject({
      cohort_id: 'c1',
      times: 2,
      onboarded_at: Date.UTC(2022, 4, 18, 9, 1),
      position: 2,
    });
    expect(counters).toEqual({ all: { people: 1 }, repeated: { people: 1 } });
  });

  it('stays the same when events are replayed', () => {
    const { once, replayed } = replay(onboardingsView, [onboarded(1, 'ann'), onboarded(2, 'ben'), onboarded(3, 'ann')]);
    expect(replayed).toEqual(once);
  });
});
