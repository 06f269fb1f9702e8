import { describe, expect, it } from '@jest/globals';
import { foldView, recorded } from '../../../test/support/fold-view.js';
import { cohortsView } from './cohorts.js';

const at = '2022-05-18T09:00:00.000Z';
const admitted = recorded(3, 'CohortAdmitted', { cohortId: 'c1', size: 3, selection: 'first-come', perWeek: 10, at });
const first = recorded(4, 'CohortOnboarded', { cohortId: 'c1', accounts: ['a', 'b'], perWeek: 10, part: 0 });
const second = recorded(5, 'CohortOnboarded', { cohortId: 'c1', accounts: ['c'], perWeek: 10, part: 1 });
const closed = recorded(6, 'CohortClosed', { cohortId: 'c1', people: 3, first: at, last: at });

describe('the cohorts view', () => {
  it('has the status of a cohort from its admission until all are onboarded', () => {
    const statusAfter = (...events: ReturnType<typeof recorded>[]) => foldView(cohortsView, events).rows.c1;
    expect(statusAfter(admitted)).toMatchObject({ status: 'admitted', onboarded: 0, size: 3 });
    expect(statusAfter(admitted, first)).toMatchObject({ status: 'onboarding', onboarded: 2 });
    expect(statusAfter(admitted, first, second)).toMatchObject({ status: 'onboarded', onboarded: 3 });
  });

  it('has a closed cohort as onboarded even if too few people waited', () => {
    const statusAfter = (...events: ReturnType<typeof recorded>[]) => foldView(cohortsView, events).rows.c1;
    expect(statusAfter(admitted, first, closed)).toMatchObject({ status: 'onboarded', onboarded: 2, size: 3 });
    expect(statusAfter(admitted, closed)).toMatchObject({ status: 'onboarded', onboarded: 0 });
  });

  it('has the same row for any order of the two streams and for replayed events', () => {
    const expected = foldView(cohortsView, [admitted, first, second, closed]);
    expect(foldView(cohortsView, [first, admitted, closed, second])).toEqual(expected);
    expect(foldView(cohortsView, [first, second, admitted, closed])).toEqual(expected);
    expect(foldView(cohortsView, [admitted, closed, first, second])).toEqual(expected);
    expect(foldView(cohortsView, [admitted, first, first, second, admitted, closed, first, second, closed])).toEqual(
      expected,
    );
  });

  it('has a cohort whose onboarding came before its admission', () => {
    expect(foldView(cohortsView, [first]).rows.c1).toMatchObject({
      status: 'onboarded',
      onboarded: 2,
      size: null,
      per_week: 10,
    });
  });
});
