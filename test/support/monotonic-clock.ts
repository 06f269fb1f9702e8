import { jest } from '@jest/globals';

/**
 * The monotonic clock of this process, which a spec can advance at once. Restore it only when nothing that has read it
 * still runs, since it then goes back.
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
