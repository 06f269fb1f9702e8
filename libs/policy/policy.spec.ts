import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { GatehouseError } from '../kernel/errors.js';
import type { PolicyEvent } from './events.js';
import {
  acceptanceEnd,
  type ContentPolicies,
  clausesAt,
  policiesAt,
  policyStream,
  publishPolicy,
  severitiesAt,
  withdrawPolicy,
} from './policy.js';

const NOW = Date.UTC(2022, 5, 1);
const LATER = toIso(NOW + 10 * DAY_MS);

/** Folds events as they were stored at these times. */
const stored = (...events: [at: number, event: PolicyEvent][]): ContentPolicies =>
  fold(
    policyStream,
    events.map(([at, event]) => ({ ...event, metadata: { time: toIso(at) } })),
  );
const published = (version: string, more = {}): PolicyEvent => ({
  type: 'ContentPolicyPublished',
  data: { version, ...more },
});
const withdrawal = (version: string): PolicyEvent => ({
  type: 'ContentPolicyWithdrawn',
  data: { version, reason: 'mistake' },
});
const given = (...versions: string[]) =>
  stored(...versions.map((version): [number, PolicyEvent] => [NOW, published(version)]));
const refuses = (code: string) => expect.objectContaining({ code });
const currentAt = (state: ContentPolicies, now: number) => policiesAt(state, now).current;
const sufficientAt = (state: ContentPolicies, now: number) => [...policiesAt(state, now).sufficient].sort();

/** When the version may be withdrawn, if that is refused now because it counts; in epoch milliseconds. */
function earliestWithdrawal(state: ContentPolicies, version: string, now: number): number | undefined {
  try {
    withdrawPolicy(state, { version, reason: 'mistake' }, now);
    return undefined;
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code !== 'policy-counts') return undefined;
    return Date.parse(error.details.from as string);
  }
}

describe('publishing a content policy', () => {
  it('puts the version in force', () => {
    expect(publishPolicy(given('v1'), { version: 'v2' }, NOW)).toEqual([published('v2')]);
    expect(policiesAt(given('v1', 'v2'), NOW)).toMatchObject({ current: 'v2', sufficient: new Set(['v2']) });
  });

  it('schedules a version, which may be accepted before', () => {
    const announced = { effectiveFrom: LATER, graceDays: 5 };
    const events = publishPolicy(given('v1'), { version: 'v2', ...announced }, NOW);
    expect(events).toEqual([published('v2', announced)]);
    const state = stored([NOW, published('v1')], [NOW, events[0]!]);
    const start = Date.parse(LATER);
    expect(policiesAt(state, NOW)).toEqual({
      current: 'v1',
      sufficient: new Set(['v1']),
      upcoming: new Set(['v2']),
      until: start,
    });
    expect(currentAt(state, start - 1)).toBe('v1');
    expect(currentAt(state, start)).toBe('v2');
    expect(sufficientAt(state, start + 5 * DAY_MS - 1)).toEqual(['v1', 'v2']);
    expect(sufficientAt(state, start + 5 * DAY_MS)).toEqual(['v2']);
  });

  it('refuses another link or text for a published version, and says what differs', () => {
    const same = { version: 'v1', url: 'https://a.example/', digest: 'sha256:aa', graceDays: 1 };
    const state = stored([NOW, published('v1', same)]);
    expect(publishPolicy(state, same, NOW)).toEqual([]);
    const refusal = (...differences: string[]) => expect.objectContaining({ details: { differences } });
    const { url: _, ...withoutLink } = same;
    expect(() => publishPolicy(state, { ...same, digest: 'sha256:bb' }, NOW)).toThrow('with another text:');
    expect(() => publishPolicy(state, { ...withoutLink, graceDays: 2 }, NOW)).toThrow(refusal('grace period', 'link'));
  });

  it('says when acceptances stop sufficing, and what is to be accepted by then', () => {
    const state = stored([NOW, published('v1')], [NOW, published('v2', { effectiveFrom: LATER, graceDays: 5 })]);
    const at = Date.parse(LATER) + 5 * DAY_MS;
    expect(acceptanceEnd(state, ['v1'], NOW)).toEqual({ at, current: 'v2' });
    expect(acceptanceEnd(state, ['v1'], at - 1)).toEqual({ at, current: 'v2' });
    expect(acceptanceEnd(state, ['v1', 'v2'], NOW)).toBeUndefined();
    expect(acceptanceEnd(given('v1'), ['v1'], NOW)).toBeUndefined();
  });

  it('is a no-op for the version in force and for one that is scheduled like this', () => {
    expect(publishPolicy(given('v1', 'v2'), { version: 'v2' }, NOW)).toEqual([]);
    const scheduled = stored([NOW, published('v1')], [NOW, published('v2', { effectiveFrom: LATER })]);
    expect(publishPolicy(scheduled, { version: 'v2', effectiveFrom: LATER }, NOW)).toEqual([]);
    // Repeated once it is in force.
    expect(publishPolicy(scheduled, { version: 'v2', effectiveFrom: LATER }, Date.parse(LATER))).toEqual([]);
  });

  it('refuses a superseded version, a withdrawn one, another date for a known one, and a date that is over', () => {
    const scheduled = stored([NOW, published('v1')], [NOW, published('v2', { effectiveFrom: LATER })]);
    const withdrawn = stored([NOW, published('v1')], [NOW, published('v2')], [NOW, withdrawal('v2')]);
    expect(() => publishPolicy(given('v1', 'v2'), { version: 'v1' }, NOW)).toThrow(refuses('policy-superseded'));
    expect(() => publishPolicy(withdrawn, { version: 'v2' }, NOW)).toThrow(refuses('policy-withdrawn'));
    for (const other of [{}, { effectiveFrom: toIso(NOW + DAY_MS) }, { effectiveFrom: LATER, graceDays: 1 }])
      expect(() => publishPolicy(scheduled, { version: 'v2', ...other }, NOW)).toThrow(refuses('policy-published'));
    const over = { version: 'v3', effectiveFrom: toIso(NOW) };
    expect(() => publishPolicy(scheduled, over, NOW)).toThrow(refuses('effective-date-past'));
  });

  it('keeps the order of publication even if the clock was set back', () => {
    const state = stored([NOW, published('v1')], [NOW - DAY_MS, published('v2')]);
    expect(currentAt(state, NOW - 2 * DAY_MS)).toBe('v2');
    expect(currentAt(state, NOW + DAY_MS)).toBe('v2');
  });
});

describe('the clauses of a content policy', () => {
  const violence = { id: 'violent', title: 'No violence', severity: 2, text: 'Do not depict violence.' };
  const hate = { id: 'hate', title: 'No hate', severity: 3 };

  it('are those of the version in force', () => {
    const clauses = [violence, hate];
    expect(publishPolicy(given('v1'), { version: 'v2', clauses }, NOW)).toEqual([published('v2', { clauses })]);
    const state = stored(
      [NOW, published('v1', { clauses: [hate] })],
      [NOW, published('v2', { clauses, effectiveFrom: LATER })],
    );
    expect(clausesAt(state, NOW)).toEqual([hate]);
    expect(clausesAt(state, Date.parse(LATER))).toEqual(clauses);
    expect(clausesAt(given('v1'), NOW)).toEqual([]);
    expect(clausesAt(given(), NOW)).toEqual([]);
  });

  it('have the highest severity that any version gave them, also if the one in force renames them or has none', () => {
    const mild = { ...hate, severity: 1 };
    const renamed = { id: 'hatred', title: 'No hatred', severity: 2 };
    const versions: [number, PolicyEvent][] = [
      [NOW, published('v1', { clauses: [hate] })],
      [NOW, published('v2', { clauses: [mild, violence] })],
      [NOW, withdrawal('v1')],
      [NOW, published('v3', { clauses: [renamed] })],
      [NOW, published('v4')],
    ];
    for (const count of [3, 4, 5]) {
      const severities = severitiesAt(stored(...versions.slice(0, count)), NOW)!;
      expect([severities.get('hate'), severities.get('violent'), severities.get('other')]).toEqual([3, 2, undefined]);
    }
    expect(severitiesAt(given('v1'), NOW)).toBeNull();
  });

  it('have no known severity while a broken event may have published others', () => {
    const known = stored([NOW, published('v1', { clauses: [hate] })]);
    const broken = policyStream.evolveBroken!(known, { position: 7 } as never);
    expect(severitiesAt(broken, NOW)?.size).toBe(0);
    const later = publishPolicy(broken, { version: 'v2', clauses: [violence] }, NOW);
    const superseded = fold(policyStream, [{ ...later[0]!, metadata: { time: toIso(NOW) } }], broken);
    expect([...severitiesAt(superseded, NOW + DAY_MS)!]).toEqual([
      ['hate', 3],
      ['violent', 2],
    ]);
  });

  it('cannot be changed under the same version, nor share an id', () => {
    const state = stored([NOW, published('v1', { clauses: [violence, hate] })]);
    expect(publishPolicy(state, { version: 'v1', clauses: [{ ...violence }, { ...hate }] }, NOW)).toEqual([]);
    for (const clauses of [undefined, [hate, violence], [violence], [violence, { ...hate, severity: 2 }]])
      expect(() => publishPolicy(state, { version: 'v1', ...(clauses && { clauses }) }, NOW)).toThrow(
        refuses('policy-published'),
      );
    expect(() => publishPolicy(given(), { version: 'v2', clauses: [violence, hate, violence] }, NOW)).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ field: '/clauses/2/id' })] }),
    );
  });
});

describe('withdrawing a content policy', () => {
  it('puts the version before it in force again', () => {
    expect(withdrawPolicy(given('v1', 'v2'), { version: 'v2', reason: 'mistake' }, NOW)).toEqual([withdrawal('v2')]);
    const state = stored([NOW, published('v1')], [NOW, published('v2')], [NOW, withdrawal('v2')]);
    expect(policiesAt(state, NOW)).toMatchObject({ current: 'v1', sufficient: new Set(['v1']) });
    expect(withdrawPolicy(state, { version: 'v2', reason: 'again' }, NOW)).toEqual([]);
  });

  it('refuses an unknown version and the only one in force', () => {
    const only = stored([NOW, published('v1')], [NOW, published('v2', { effectiveFrom: LATER })]);
    const withdraw = (version: string) => () => withdrawPolicy(only, { version, reason: 'mistake' }, NOW);
    expect(withdraw('v9')).toThrow(refuses('policy-unknown'));
    expect(withdraw('v1')).toThrow(refuses('policy-needed'));
    expect(withdraw('v2')()).toEqual([withdrawal('v2')]);
  });

  it('refuses a version before the one in force while its acceptance still suffices', () => {
    const state = stored([NOW, published('v5')], [NOW, published('v6', { graceDays: 30 })]);
    const withdraw = (version: string, now: number) => () => withdrawPolicy(state, { version, reason: 'mistake' }, now);
    const end = NOW + 30 * DAY_MS;
    expect(withdraw('v5', end - 1)).toThrow(
      expect.objectContaining({
        code: 'policy-counts',
        message: expect.stringContaining(toIso(end)),
        details: { from: toIso(end) },
      }),
    );
    expect(withdraw('v5', end)()).toEqual([withdrawal('v5')]);
    expect(withdraw('v6', NOW)()).toEqual([withdrawal('v6')]);
  });
});

describe('a broken event of the content policy', () => {
  const broken = policyStream.evolveBroken!(given('v1', 'v2'), { position: 7, time: toIso(NOW) });
  const then = (at: number, ...events: PolicyEvent[]) =>
    fold(
      policyStream,
      events.map((event) => ({ ...event, metadata: { time: toIso(at) } })),
      broken,
    );

  it('lets no acceptance suffice, whichever version was in force', () => {
    expect(policiesAt(broken, NOW)).toMatchObject({ sufficient: new Set(), unreadable: 7 });
    expect(policiesAt(broken, NOW).current).toBeUndefined();
  });

  it('does not matter any more once a later version has superseded everything before it', () => {
    const known = { current: 'v3', sufficient: new Set(['v3']) };
    expect(policiesAt(then(NOW, published('v3')), NOW)).toMatchObject(known);
    const graced = then(NOW, published('v3', { graceDays: 5 }));
    const end = NOW + 5 * DAY_MS;
    expect(policiesAt(graced, end - 1)).toMatchObject({ sufficient: new Set(), until: end, unreadable: 7 });
    expect(policiesAt(graced, end)).toMatchObject(known);
    // Whatever was in force before it is not known.
    expect(policiesAt(then(NOW, published('v3'), withdrawal('v3')), NOW)).toMatchObject({ unreadable: 7 });
  });
});

describe('whatever operators publish and withdraw', () => {
  const VERSIONS = ['a', 'b', 'c', 'd'];
  const step = fc.record({
    version: fc.constantFrom(...VERSIONS),
    withdraws: fc.boolean(),
    waitDays: fc.integer({ min: -1, max: 4 }),
    inDays: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    graceDays: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  });
  type Step = { version: string; withdraws: boolean; waitDays: number; inDays?: number; graceDays?: number };

  /** What the steps that are not refused store. */
  function perform(steps: readonly Step[]): { events: [number, PolicyEvent][]; now: number } {
    const events: [number, PolicyEvent][] = [];
    let now = NOW;
    for (const { version, withdraws, waitDays, inDays, graceDays } of steps) {
      now += waitDays * DAY_MS;
      const effective = inDays === undefined ? {} : { effectiveFrom: toIso(now + inDays * DAY_MS) };
      const data = { version, ...effective, ...(graceDays !== undefined && { graceDays }) };
      try {
        const state = stored(...events);
        const decided = withdraws
          ? withdrawPolicy(state, { version, reason: 'mistake' }, now)
          : publishPolicy(state, data, now);
        for (const event of decided) events.push([now, event]);
      } catch (error) {
        if (!(error instanceof GatehouseError)) throw error;
      }
    }
    return { events, now };
  }
  const days = [...Array(30).keys()];
  const check = (property: (steps: Step[]) => void) =>
    fc.assert(fc.property(fc.array(step, { maxLength: 10 }), property), { seed: 1, numRuns: 100 });

  it('a policy stays in force once one is, and its acceptance suffices', () => {
    check((steps) => {
      const { events, now } = perform([{ version: 'first', withdraws: false, waitDays: 0 }, ...steps]);
      const state = stored(...events);
      for (const day of days) {
        const { current, sufficient } = policiesAt(state, now + day * DAY_MS);
        expect(current).toBeDefined();
        expect(sufficient.has(current!)).toBe(true);
      }
    });
  });

  it('no withdrawal takes access from anybody, except that of the version in force from those who accepted only it', () => {
    check((steps) => {
      const { events } = perform([{ version: 'first', withdraws: false, waitDays: 0 }, ...steps]);
      for (const [index, [at, { type, data }]] of events.entries()) {
        if (type !== 'ContentPolicyWithdrawn') continue;
        const [before, after] = [0, 1].map((more) => policiesAt(stored(...events.slice(0, index + more)), at));
        const kept = [...before!.sufficient].filter(
          (one) => !(one === data.version && data.version === before!.current),
        );
        expect([...after!.sufficient]).toEqual(expect.arrayContaining(kept));
      }
    });
  });

  it('a version that counts may be withdrawn from the named time on, when it stops counting', () => {
    let refusals = 0;
    check((steps) => {
      const { events } = perform([{ version: 'first', withdraws: false, waitDays: 0 }, ...steps]);
      for (const [index, [now]] of events.entries()) {
        const state = stored(...events.slice(0, index + 1));
        for (const { version } of state.versions) {
          const from = earliestWithdrawal(state, version, now);
          if (from === undefined) continue;
          refusals++;
          expect(from).toBeGreaterThan(now);
          const counts = [from - 1, from].map((at) => policiesAt(state, at).sufficient.has(version));
          expect(counts).toEqual([true, false]);
          expect(earliestWithdrawal(state, version, from)).toBeUndefined();
        }
      }
    });
    expect(refusals).toBeGreaterThan(10);
  });

  it('a withdrawn version leaves no trace', () => {
    check((steps) => {
      const { events, now } = perform(steps);
      const gone = new Set(
        events.flatMap(([, { type, data }]) => (type === 'ContentPolicyWithdrawn' ? [data.version] : [])),
      );
      const never = events.filter(([, { data }]) => !gone.has(data.version));
      const [all, others] = [stored(...events), stored(...never)];
      for (const day of days) {
        const at = now + day * DAY_MS;
        expect(policiesAt(all, at)).toEqual(policiesAt(others, at));
      }
    });
  });

  it('what holds does not change before the time that it names, and folding events again changes nothing', () => {
    check((steps) => {
      const { events, now } = perform(steps);
      const state = stored(...events);
      expect(stored(...events, ...events)).toEqual(state);
      for (let at = now, jumps = 0; jumps < 30; jumps++) {
        const { until, ...held } = policiesAt(state, at);
        if (until === Number.POSITIVE_INFINITY) return expect(policiesAt(state, at + 999 * DAY_MS)).toMatchObject(held);
        expect(until).toBeGreaterThan(at);
        expect(policiesAt(state, until - 1)).toEqual({ ...held, until });
        expect(policiesAt(state, until)).not.toEqual({ ...held, until });
        at = until;
      }
      throw new Error('it changes for ever');
    });
  });
});
