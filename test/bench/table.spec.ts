import { expect, it } from '@jest/globals';
// @ts-expect-error: scripts have no types
import { verdict } from './table.mjs';

it('says of each verdict whether it is of a small size', () => {
  expect(verdict({ met: true })).toBe('met');
  expect(verdict({ met: true, small: true })).toBe('met, at a small size');
  expect(verdict({ met: false })).toBe('MISSED');
  expect(verdict({ met: false, small: true })).toBe('MISSED, at a small size');
  expect(verdict({ small: true })).toBe('-');
});
