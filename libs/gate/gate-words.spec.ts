import { expect, it } from '@jest/globals';
import { reasonWords } from './gate-words.js';

it('names what to set if more labels come late than is assumed', () => {
  const late = { violations: 41, late: 12, leastShare: 0.1273, lateShare: 0.05, labelDelayDays: 9 };
  expect(reasonWords(['late-share-exceeded'], { late })).toEqual([
    '12 of 41 confirmed violations became known more than 9 days after the exposure, which is more than the share of 0.05 that is assumed: set a share of at least 0.1273 (gatehouse gate set --late-share 0.1273) or a longer delay (gatehouse gate set --label-delay)',
  ]);
  expect(reasonWords(['late-share-exceeded'], { late: { ...late, leastShare: null } })).toEqual([
    expect.stringMatching(/is assumed: set a longer delay \(gatehouse gate set --label-delay\)$/),
  ]);
  expect(reasonWords(['late-share-exceeded'])).toEqual([
    expect.stringContaining('set a larger share or a longer delay (gatehouse gate set --late-share or --label-delay)'),
  ]);
});
