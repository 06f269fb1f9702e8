import { expect, it } from '@jest/globals';
import { plainState } from './plain-state.js';

it('shows a state as plain JSON: sets and maps as lists, and its times', () => {
  const state = {
    ...{ until: Date.UTC(2022, 4, 18), position: 1_652_832_000_000, nothing: undefined, openedAt: 0 },
    reviewers: new Set(['rita']),
    places: new Map([['a', 1]]),
  };
  expect(plainState(state)).toEqual({
    ...{ until: '2022-05-18T00:00:00.000Z', position: 1_652_832_000_000, openedAt: 0 },
    reviewers: ['rita'],
    places: [['a', 1]],
  });
});
