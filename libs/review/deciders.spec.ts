import { expect, it } from '@jest/globals';
import { decidersOf } from './deciders.js';

it.each([
  ['reviewers', {}],
  ['reviewers', { reviewerSources: ['', '/panel'] }],
  ['other-system', { reviewerSource: '/panel' }],
  ['other-system', { reviewerSources: ['/panel', '/other'] }],
])('names %s as those who decided', (expected, given) => {
  expect(decidersOf(given)).toBe(expected);
});
