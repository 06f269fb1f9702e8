import { describe, expect, it } from '@jest/globals';
import { Changes, pause, within } from './wait.js';

const LONG_MS = 600_000;
const never = new Promise<never>(() => {});
const late = () => new Error('too late');

describe('pause', () => {
  it('ends at once if its signal aborts, before or during the pause', async () => {
    const stop = new AbortController();
    const waiting = pause(LONG_MS, stop.signal);
    stop.abort();
    await waiting;
    await pause(LONG_MS, stop.signal);
  });
});

describe('within', () => {
  it('returns the outcome of work that ends in time', async () => {
    expect(await within(LONG_MS, async () => 7, late)).toBe(7);
    const failing = async () => {
      throw new Error('of its own');
    };
    await expect(within(LONG_MS, failing, late)).rejects.toThrow('of its own');
  });

  it('rejects when the time runs out', async () => {
    await expect(within(1, () => never, late)).rejects.toThrow('too late');
  });
});

describe('Changes', () => {
  it('wakes those whose condition is met, and leaves the others waiting', async () => {
    const changes = new Changes();
    let value = 0;
    const met: number[] = [];
    const all = [1, 2].map((least) => changes.until(() => value >= least, LONG_MS).then(() => met.push(least)));
    value = 1;
    changes.notify();
    await all[0];
    expect(met).toEqual([1]);
    value = 2;
    changes.notify();
    await all[1];
    expect(met).toEqual([1, 2]);
  });

  it('returns false when the time runs out or the signal aborts', async () => {
    const changes = new Changes();
    const stop = new AbortController();
    expect(await changes.until(() => false, 1)).toBe(false);
    expect(await changes.until(() => false, 0)).toBe(false);
    const waiting = changes.until(() => false, LONG_MS, stop.signal);
    stop.abort();
    expect(await waiting).toBe(false);
    expect(await changes.until(() => false, LONG_MS, stop.signal)).toBe(false);
    expect(await changes.until(() => true, 0, stop.signal)).toBe(true);
  });
});
