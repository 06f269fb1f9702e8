import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FailedAttempts } from './failed-attempts.js';

const LIMIT = 3;
const MINUTE_MS = 60_000;

function attempts() {
  const clock = { now: 1_000 };
  const failed = new FailedAttempts(LIMIT, () => clock.now);
  const fail = (address: string, times: number) => {
    for (let n = 0; n < times; n++) failed.note(address);
  };
  return { clock, failed, fail };
}

describe('failed attempts', () => {
  it('block an address above the limit until a minute after the first', () => {
    const { clock, failed, fail } = attempts();
    expect(failed.any).toBe(false);
    fail('192.0.2.1', LIMIT);
    expect(failed.any).toBe(true);
    failed.check('192.0.2.1');
    fail('192.0.2.1', 1);
    clock.now += MINUTE_MS - 1;
    expect(() => failed.check('192.0.2.1')).toThrow(
      expect.objectContaining({ code: 'too-many-requests', status: 429, retryAfterS: 1 }),
    );
    failed.check('192.0.2.2');
    clock.now += 1;
    failed.check('192.0.2.1');
    expect(failed.any).toBe(false);
    fail('192.0.2.1', LIMIT);
    failed.check('192.0.2.1');
  });

  it.each([
    ['2001:db8:0:7::1', '2001:db8::7:ffff:1:2:3'],
    ['2001:db8::7:0:0:0:1', '2001:db8:0:7::'],
    ['::1', '::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('of %s and %s count together', (one, other) => {
    const { failed, fail } = attempts();
    fail(one, LIMIT + 1);
    expect(() => failed.check(other)).toThrow();
    failed.check('2001:db8:0:8::1');
  });

  it('never block an address that stayed within the limit during the last minute', () => {
    const step = fc.record({ address: fc.nat(3), later: fc.integer({ min: 0, max: 40_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, failed } = attempts();
        const at = new Map<string, number[]>();
        for (const { address, later } of steps) {
          clock.now += later;
          const name = `192.0.2.${address}`;
          failed.note(name);
          at.set(name, [...(at.get(name) ?? []), clock.now]);
          for (const [one, times] of at) {
            const recent = times.filter((time) => time > clock.now - MINUTE_MS).length;
            if (recent <= LIMIT) failed.check(one);
          }
        }
      }),
    );
  });
});
