import { describe, expect, it } from '@jest/globals';
import { heapGrowthPercent } from './heap-growth.js';

const MIB = 1024 * 1024;

describe('the growth of the heap', () => {
  it.each([
    { live: 20, percent: 300, why: 'a young process is not marked all the time' },
    { live: 100, percent: 300, why: 'four times its live objects fill the room' },
    { live: 200, percent: 100, why: 'as much garbage as there is room' },
    { live: 250, percent: 60, why: 'as much garbage as there is room' },
    { live: 300, percent: 50, why: 'never less' },
    { live: 2_000, percent: 50, why: 'never less, however large the heap is' },
  ])('lets $live MiB of live objects grow by $percent %: $why', ({ live, percent }) => {
    expect(heapGrowthPercent(live * MIB)).toBe(percent);
  });
});
