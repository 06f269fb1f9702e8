import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import type { PolicyEvent } from './events.js';
import { acceptanceEnd, outdatedSince, policiesAt, policyStream } from './policy.js';

const START = Date.UTC(2022, 4, 18);

const publish = (day: number, version: string, more: object = {}): [day: number, event: PolicyEvent] => [
  day,
  { type: 'ContentPolicyPublished', data: { version, ...more } },
];
const withdraw = (day: number, version: string): [day: number, event: PolicyEvent] => [
  day,
  { type: 'ContentPolicyWithdrawn', data: { version, reason: 'a mistake' } },
];
const given = (...events: [day: number, event: PolicyEvent][]) =>
  fold(
    policyStream,
    events.map(([day, event]) => ({ ...event, metadata: { time: toIso(START + day * DAY_MS) } })),
  );
const day = (number: number) => START + number * DAY_MS;

describe('an acceptance of the content policy', () => {
  const policies = given(publish(0, 'v1'), publish(10, 'v2', { graceDays: 7 }), publish(30, 'v3'));

  it('is outdated since the end of the grace period of the version after it', () => {
    expect(outdatedSince(policies, ['v1'], day(17) - 1)).toBeUndefined();
    expect(outdatedSince(policies, ['v1'], day(17))).toBe(day(17));
    expect(outdatedSince(policies, ['v1'], day(40))).toBe(day(17));
    expect(outdatedSince(policies, ['v1', 'v2'], day(40))).toBe(day(30));
    expect(outdatedSince(policies, ['v3'], day(40))).toBeUndefined();
  });

  it('is not outdated by a version that was withdrawn, and has no such time if it was withdrawn itself', () => {
    const withdrawn = given(publish(0, 'v1'), publish(10, 'v2'), withdraw(11, 'v2'));
    expect(outdatedSince(withdrawn, ['v1'], day(20))).toBeUndefined();
    expect(outdatedSince(withdrawn, ['v2'], day(20))).toBeUndefined();
    expect(outdatedSince(withdrawn, [], day(20))).toBeUndefined();
  });

  it('ends when acceptanceEnd says, whatever is published when', () => {
    const version = fc.record({
      at: fc.integer({ min: 0, max: 60 }),
      graceDays: fc.integer({ min: 0, max: 20 }),
      ahead: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(version, { minLength: 1, maxLength: 6 }), fc.nat(5), fc.nat(100), (versions, nth, from) => {
        const events = [...versions]
          .sort((a, b) => a.at - b.at)
          .map(({ at, graceDays, ahead }, n) =>
            publish(at, `v${n}`, { graceDays, ...(ahead !== undefined && { effectiveFrom: toIso(day(at + ahead)) }) }),
          );
        const state = given(...events);
        const accepted = [`v${nth % versions.length}`];
        if (!policiesAt(state, day(from)).sufficient.has(accepted[0]!)) return;
        const end = acceptanceEnd(state, accepted, day(from));
        expect(outdatedSince(state, accepted, day(from))).toBeUndefined();
        if (!end) return;
        expect(outdatedSince(state, accepted, end.at)).toBe(end.at);
        expect(outdatedSince(state, accepted, end.at - 1)).toBeUndefined();
      }),
      { seed: 20220518, numRuns: 500 },
    );
  });
});
