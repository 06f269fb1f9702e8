import { describe, expect, it } from '@jest/globals';
import { heapGrowthPercent } from './heap-growth.js';

const MIB = 1024 * 1024;

describe('the growth of the heap', () => {
  it.each([
    { live: 20, outside: 100, percent: 300, why: 'a young process is not marked all the time' },
    { live: 100, outside: 100, percent: 300, why: 'four times its live objects fill the room' },
    { live: 200, outside: 100, percent: 100, why: 'as much garbage as there is room' },
    { live: 200, outside: 150, percent: 75, why: 'what is outside of the heap takes room' },
    { live: 300, outside: 200, percent: 50, why: 'never less' },
    { live: 2_000, outside: 100, percent: 50, why: 'never less, however large the heap is' },
    { live: 20, outside: 900, percent: 50, why: 'never less, however much is outside' },
  ])('lets $live MiB of live objects beside $outside MiB grow by $percent %: $why', ({ live, outside, percent }) => {
    expect(heapGrowthPercent(live * MIB, outside * MIB)).toBe(percent);
  });
});
