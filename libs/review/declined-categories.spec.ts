import { expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { declineCategories, declinedAt, declinedStream } from './declined-categories.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = 3_600_000;
const reviewer = 'rev-1';
const decline = (state: typeof declinedStream.initial, categories: string[], until?: string, now = NOW) =>
  declineCategories(state, { reviewer, categories, until }, now);
const declined = (...categories: string[]) =>
  fold(declinedStream, decline(declinedStream.initial, categories)) as typeof declinedStream.initial;

it('lasts until the end of the day, or until the time that is given', () => {
  expect(decline(declinedStream.initial, ['violent'])).toEqual([
    { type: 'CategoriesDeclined', data: { reviewer, categories: ['violent'], until: '2022-05-19T00:00:00.000Z' } },
  ]);
  const until = '2022-05-18T22:00:00.000Z';
  expect(decline(declinedStream.initial, ['violent'], until)).toMatchObject([{ data: { until } }]);
  expect(declinedAt(declined('violent'), NOW + 15 * HOUR_MS - 1)).toEqual(['violent']);
  expect(declinedAt(declined('violent'), NOW + 15 * HOUR_MS)).toEqual([]);
});

it('is replaced by other categories, another time and none', () => {
  const state = declined('violent', 'hate');
  expect(decline(state, ['hate'])).toHaveLength(1);
  expect(decline(state, ['hate', 'violent'], '2022-05-18T22:00:00.000Z')).toHaveLength(1);
  expect(decline(state, [])).toHaveLength(1);
  expect(decline(state, ['violent', 'hate'], undefined, NOW + 15 * HOUR_MS)).toHaveLength(1);
});

it('is a no-op if it is so', () => {
  const state = declined('violent', 'hate');
  expect(decline(state, ['hate', 'violent'])).toEqual([]);
  expect(decline(state, ['hate', 'violent'], '2022-05-19T00:00:00.000Z')).toEqual([]);
  expect(decline(declinedStream.initial, [])).toEqual([]);
  expect(decline(state, [], undefined, NOW + 15 * HOUR_MS)).toEqual([]);
});

it('refuses a time in the past and one more than a day ahead', () => {
  for (const until of ['2022-05-18T09:00:00.000Z', '2022-05-19T09:00:00.001Z'])
    expect(() => decline(declinedStream.initial, ['violent'], until)).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ field: '/until' })] }),
    );
});
