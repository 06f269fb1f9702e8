import { jest } from '@jest/globals';

/**
 * The monotonic clock of this process, from which a spec lets time pass at once. Restore it when nothing runs any more that
 * has seen it: it goes back.
 */
export function monotonicClock() {
  const real = performance.now.bind(performance);
  let aheadMs = 0;
  return {
    pass(ms: number): void {
      aheadMs += ms;
      jest.spyOn(performance, 'now').mockImplementation(() => real() + aheadMs);
    },
    restore(): void {
      jest.restoreAllMocks();
    },
  };
}
