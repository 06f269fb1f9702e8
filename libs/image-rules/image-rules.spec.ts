import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import type { ImageRuleEvent } from './events.js';
import {
  type ChangeImageRule,
  imageRulesStream,
  isRuleInForce,
  liftImageRule,
  periodsInForce,
  setImageRule,
  unreadableRules,
} from './image-rules.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = 3_600_000;
const LATER = NOW + HOUR_MS;
const rule = 'photorealistic-faces' as const;
const reason = 'a trial with artists';
const w20 = { rule, cohortId: 'w20' };

interface At {
  ms?: number;
}
const event = (type: ImageRuleEvent['type'], { ms = 0, ...data }: At & Partial<ImageRuleEvent['data']> = {}) => ({
  ...({ type, data: { rule, reason, ...data } } as ImageRuleEvent),
  metadata: { time: toIso(NOW + ms) },
});
const lifted = (data = {}) => event('ImageRuleLifted', data);
const set = (data = {}) => event('ImageRuleSet', data);
const given = (...events: ImageRuleEvent[]) => fold(imageRulesStream, events);
const inForce = (state: ReturnType<typeof given>, cohortId?: string, now = NOW) =>
  isRuleInForce(state, { rule, cohortId }, now);

describe('a rule about images', () => {
  it('is in force for everyone until it is lifted, and again once it is set', () => {
    expect(inForce(given())).toBe(true);
    expect(inForce(given(lifted()))).toBe(false);
    expect(inForce(given(lifted(), set()))).toBe(true);
  });

  it('holds for a cohort as its own change says, else as the one for everyone says', () => {
    const exempt = given(lifted({ cohortId: 'w20' }));
    expect([inForce(exempt), inForce(exempt, 'w20'), inForce(exempt, 'w21')]).toEqual([true, false, true]);
    const kept = given(lifted(), set({ cohortId: 'w20' }));
    expect([inForce(kept), inForce(kept, 'w20'), inForce(kept, 'constructor')]).toEqual([false, true, false]);
  });

  it('changes at its date and ends by itself, and then holds as before', () => {
    const state = given(lifted({ from: toIso(NOW + 1), until: toIso(LATER) }));
    expect([NOW, NOW + 1, LATER - 1, LATER].map((now) => inForce(state, undefined, now))).toEqual([
      ...[true, false, false, true],
    ]);
    const own = given(lifted(), set({ cohortId: 'w20', until: toIso(LATER) }));
    expect([inForce(own, 'w20', LATER - 1), inForce(own, 'w20', LATER)]).toEqual([true, false]);
  });

  it('with an event that can’t be read is in force for everybody, until an operator changes it for everyone', () => {
    const before = given(lifted(), lifted({ cohortId: 'w20' }));
    const broken = imageRulesStream.evolveBroken!(before, { position: 7, time: toIso(NOW) });
    expect([inForce(broken), inForce(broken, 'w20')]).toEqual([true, true]);
    expect(unreadableRules(broken, NOW)).toEqual([{ rule, position: 7 }]);
    const after = fold(imageRulesStream, [lifted()], broken);
    expect(inForce(after)).toBe(false);
    expect(unreadableRules(after, NOW)).toEqual([]);
  });

  it('with such an event is reported until a change without an end has begun', () => {
    const broken = imageRulesStream.evolveBroken!(given(), { position: 7, time: toIso(NOW) });
    const reported = [{ rule, position: 7 }];
    const forHours = fold(imageRulesStream, [lifted({ until: toIso(LATER) })], broken);
    expect([NOW, LATER].map((now) => unreadableRules(forHours, now))).toEqual([reported, reported]);
    const later = fold(imageRulesStream, [lifted({ from: toIso(LATER) })], broken);
    expect([NOW, LATER].map((now) => unreadableRules(later, now))).toEqual([reported, []]);
    const twice = fold(imageRulesStream, [lifted({ until: toIso(LATER) }), set()], broken);
    expect(unreadableRules(twice, NOW)).toEqual([]);
  });
});

describe('changing a rule about images', () => {
  it('records the scope, the reason and the dates', () => {
    const dates = { from: NOW + 1, until: LATER };
    expect(liftImageRule(given(), { ...w20, reason, ...dates }, NOW)).toEqual([
      { type: 'ImageRuleLifted', data: { ...w20, reason, from: toIso(NOW + 1), until: toIso(LATER) } },
    ]);
    expect(setImageRule(given(), { rule, reason }, NOW)).toEqual([{ type: 'ImageRuleSet', data: { rule, reason } }]);
  });

  it('is a no-op if it is repeated, also after it began', () => {
    expect(liftImageRule(given(lifted()), { rule, reason }, LATER)).toEqual([]);
    const from = NOW + 1;
    const dated = given(lifted({ from: toIso(from) }));
    expect(liftImageRule(dated, { rule, reason, from }, LATER)).toEqual([]);
    expect(liftImageRule(dated, { rule, reason }, NOW)).toHaveLength(1);
    expect(liftImageRule(given(lifted()), { ...w20, reason }, NOW)).toHaveLength(1);
    expect(liftImageRule(given(lifted()), { rule, reason: 'another' }, NOW)).toHaveLength(1);
    expect(liftImageRule(given(lifted()), { rule, reason, until: LATER }, NOW)).toHaveLength(1);
    expect(liftImageRule(given(lifted(), set()), { rule, reason }, NOW)).toHaveLength(1);
  });

  it('refuses a change that is over before it begins, and one that began in the past', () => {
    const refused = (more: Partial<ChangeImageRule>) => () => setImageRule(given(), { rule, reason, ...more }, NOW);
    const over = expect.objectContaining({ code: 'rule-over' });
    expect(refused({ until: NOW })).toThrow(over);
    expect(refused({ from: LATER, until: LATER })).toThrow(over);
    const at = (field: string) =>
      expect.objectContaining({ errors: [{ field, message: expect.stringContaining('past') }] });
    expect(refused({ from: NOW - 1 })).toThrow(at('/from'));
    // A query parameter.
    expect(() => liftImageRule(given(), { rule, reason, from: NOW - 1 }, NOW)).toThrow(at('from'));
  });
});

it('was in force in the periods in which it was at each moment', () => {
  const change = fc.record({
    type: fc.constantFrom('ImageRuleSet' as const, 'ImageRuleLifted' as const),
    cohortId: fc.constantFrom(undefined, 'w20', 'w21'),
    wait: fc.integer({ min: 0, max: 5 }),
    from: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    lasts: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), fc.constantFrom(undefined, 'w20'), (changes, cohortId) => {
      let ms = 0;
      const events = changes.map(({ type, cohortId: of, wait, from, lasts }) => {
        ms += wait;
        const start = ms + (from ?? 0);
        return event(type, {
          ms,
          ...(of && { cohortId: of }),
          ...(from !== undefined && { from: toIso(NOW + start) }),
          ...(lasts !== undefined && { until: toIso(NOW + start + lasts) }),
        });
      });
      const state = given(...events);
      const periods = periodsInForce(state, { rule, cohortId });
      for (let at = NOW - 1; at < NOW + 60; at += 1) {
        const isIn = periods.some(({ from, to }) => from <= at && at < to);
        expect(isIn).toBe(isRuleInForce(state, { rule, cohortId }, at));
      }
    }),
    { seed: 12, numRuns: 300 },
  );
});
