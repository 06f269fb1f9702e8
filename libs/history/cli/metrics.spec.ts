import { expect, it } from '@jest/globals';
import type { MetricsHistoryAnswer } from '../queries/metrics-history-answer.js';
import { withPage } from './metrics.js';

const page = (areMovesComplete: boolean, ...positions: string[]) =>
  ({ events: positions.map((position) => ({ position })), areMovesComplete }) as MetricsHistoryAnswer;

it('says that moves are missing if they are on any of the pages', () => {
  for (const [first, second, third, whole] of [
    [true, true, true, true],
    [false, true, true, false],
    [true, false, true, false],
    [true, true, false, false],
  ] as const) {
    const pages = [page(first, '1', '2'), page(second), page(third, '7')];
    expect(pages.reduce<MetricsHistoryAnswer | undefined>(withPage, undefined)).toEqual(page(whole, '1', '2', '7'));
  }
});
