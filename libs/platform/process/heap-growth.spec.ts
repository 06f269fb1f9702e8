import { describe, expect, it } from '@jest/globals';
import { heapGrowthPercent } from './heap-growth.js';

const MIB = 1024 * 1024;

describe('the growth of the heap', () => {
  it.each([
    { live: 20, outside: 100, percent: 300, why: 'a young process is not marked all the time' },
    { live: 80, outside: 100, percent: 300, why: 'at most four times its live objects' },
    { live: 150, outside: 100, percent: 120, why: 'as much garbage as there is room' },
    { live: 150, outside: 160, percent: 80, why: 'what is outside of the heap takes room' },
    { live: 300, outside: 200, percent: 50, why: 'never less' },
    { live: 2_000, outside: 100, percent: 50, why: 'never less, however large the heap is' },
    { live: 20, outside: 900, percent: 50, why: 'never less, however much is outside' },
  ])('lets $live MiB of live objects beside $outside MiB grow by $percent %: $why', ({ live, outside, percent }) => {
    expect(heapGrowthPercent(live * MIB, outside * MIB)).toBe(percent);
  });
});
