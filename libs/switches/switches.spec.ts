import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { GatehouseError } from '../kernel/errors.js';
import { SWITCHED_ACTIONS, type SwitchEvent, type SwitchedAction } from './events.js';
import {
  inForce,
  resumeAction,
  suspendAction,
  suspendedFor,
  suspensionsInForce,
  switchesStream,
  switchOf,
  unreadableSwitches,
} from './switches.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = 3_600_000;
const LATER = NOW + HOUR_MS;
const reason = 'the filter lets violent prompts pass';

const suspended = (data = {}): SwitchEvent => ({
  type: 'ActionSuspended',
  data: { action: 'generate', reason, ...data },
});
const resumed = (data = {}): SwitchEvent => ({ type: 'ActionResumed', data: { action: 'generate', reason, ...data } });
const given = (...events: SwitchEvent[]) => fold(switchesStream, events);
const untilLater = { until: '2022-05-18T10:00:00.000Z' };

describe('a broken event of the switches', () => {
  const at = { position: 7, time: toIso(NOW) };
  const broken = switchesStream.evolveBroken!(given(suspended(untilLater), suspended({ cohortId: 'w20' })), at);
  const denied = (state: typeof broken) =>
    SWITCHED_ACTIONS.filter((action) => suspendedFor(state, action, undefined, LATER * 2) === 'everyone');

  it('suspends every action for everyone without an end, and says why', () => {
    expect(denied(broken)).toEqual(SWITCHED_ACTIONS);
    for (const { action, cohortId, ...suspension } of suspensionsInForce(broken, NOW)) {
      if (cohortId !== undefined) continue;
      const why = expect.stringMatching(/position 7 can't be read.*resume/);
      expect([action, suspension]).toEqual([action, { reason: why, since: at.time, unreadable: 7 }]);
    }
    expect(unreadableSwitches(broken).map(({ action }) => action)).toEqual(SWITCHED_ACTIONS);
  });

  it('ends for each action that an operator resumes, and leaves what is known of cohorts', () => {
    const [event] = resumeAction(broken, { action: 'generate', reason: 'checked' }, NOW);
    const after = fold(switchesStream, [event!], broken);
    expect(denied(after)).toEqual(SWITCHED_ACTIONS.filter((action) => action !== 'generate'));
    expect(suspendedFor(after, 'generate', 'w20', NOW)).toBe('cohort');
    expect(unreadableSwitches(after)).not.toContainEqual(expect.objectContaining({ action: 'generate' }));
  });
});

describe('suspending an action', () => {
  it('concerns everyone or one cohort, with or without an end', () => {
    expect(suspendAction(given(), { action: 'generate', reason }, NOW)).toEqual([suspended()]);
    expect(suspendAction(given(), { action: 'share', cohortId: 'w20', reason, until: LATER }, NOW)).toEqual([
      suspended({ action: 'share', cohortId: 'w20', ...untilLater }),
    ]);
  });

  it('changes the reason or the end of a suspension, and is a no-op for the same', () => {
    const state = given(suspended(untilLater));
    expect(suspendAction(state, { action: 'generate', reason, until: LATER }, NOW)).toEqual([]);
    expect(suspendAction(state, { action: 'generate', reason, until: LATER + 1 }, NOW)).toHaveLength(1);
    expect(suspendAction(state, { action: 'generate', reason }, NOW)).toEqual([suspended()]);
    expect(suspendAction(state, { action: 'generate', reason: 'another', until: LATER }, NOW)).toHaveLength(1);
    expect(suspendAction(state, { action: 'generate', cohortId: 'w20', reason, until: LATER }, NOW)).toHaveLength(1);
  });

  it('lasts since it began, however its reason or end is changed, until it ends or is resumed', () => {
    const at = (ms: number, event: SwitchEvent) => ({ ...event, metadata: { time: toIso(NOW + ms) } });
    const since = (...events: ReturnType<typeof at>[]) =>
      switchOf(fold(switchesStream, events), { action: 'generate' })?.suspension?.since;
    const begun = at(0, suspended(untilLater));
    const again = { reason: 'another' };
    expect(since(begun, at(HOUR_MS - 1, suspended(again)))).toBe(toIso(NOW));
    expect(since(begun, at(HOUR_MS, suspended(again)))).toBe(toIso(LATER));
    expect(since(begun, at(1, resumed()), at(2, suspended(again)))).toBe(toIso(NOW + 2));
    expect(since(at(0, suspended({ cohortId: 'w20' })), at(1, suspended()))).toBe(toIso(NOW + 1));
  });

  it('refuses an end that is over, and joining of a cohort', () => {
    expect(() => suspendAction(given(), { action: 'generate', reason, until: NOW }, NOW)).toThrow(
      expect.objectContaining({ code: 'suspension-over' }),
    );
    const join = { action: 'join', cohortId: 'w20', reason } as const;
    const refused = expect.objectContaining({ errors: [{ field: 'cohortId', message: expect.any(String) }] });
    expect(() => suspendAction(given(), join, NOW)).toThrow(refused);
    expect(() => resumeAction(given(), join, NOW)).toThrow(refused);
  });
});

describe('resuming an action', () => {
  it('ends the suspension of that scope only, and is a no-op without one or after its end', () => {
    const both = given(suspended(), suspended({ cohortId: 'w20' }));
    expect(resumeAction(both, { action: 'generate', reason }, NOW)).toEqual([resumed()]);
    expect(resumeAction(both, { action: 'share', reason }, NOW)).toEqual([]);
    expect(resumeAction(given(suspended(untilLater)), { action: 'generate', reason }, LATER)).toEqual([]);
    expect(suspendedFor(given(suspended(), suspended({ cohortId: 'w20' }), resumed()), 'generate', 'w20', NOW)).toBe(
      'cohort',
    );
  });
});

it('a cohort may have any id, even that of a property of every object', () => {
  const state = given(suspended({ cohortId: 'constructor' }));
  expect(suspendedFor(state, 'generate', 'constructor', NOW)).toBe('cohort');
  for (const other of ['toString', 'w20', undefined])
    expect(suspendedFor(state, 'generate', other, NOW)).toBeUndefined();
  for (const action of ['flag', 'review', 'constructor', 'toString'])
    expect(suspendedFor(state, action, 'constructor', NOW)).toBeUndefined();
});

const COHORTS = ['w20', 'w21', undefined];
const scope = fc.record({
  action: fc.constantFrom(...SWITCHED_ACTIONS),
  cohortId: fc.constantFrom(...COHORTS),
});
const step = fc.oneof(
  fc.record({ kind: fc.constant('passes' as const), ms: fc.nat({ max: 10 }) }),
  fc.record({
    kind: fc.constant('suspend' as const),
    scope,
    reason: fc.constantFrom('a', 'b'),
    forMs: fc.option(fc.integer({ min: -1, max: 12 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('resume' as const), scope, reason: fc.constantFrom('a', 'b') }),
);

/** An action is denied while a suspension of its own or of the account's cohort lasts: what an operator would say. */
class PlainModel {
  readonly ends = new Map<string, { until: number; reason: string }>();
  key = (action: SwitchedAction, cohortId?: string) => `${action}/${cohortId ?? '*'}`;
  holds = (action: SwitchedAction, cohortId: string | undefined, now: number) =>
    (this.ends.get(this.key(action, cohortId))?.until ?? Number.NEGATIVE_INFINITY) > now;
  denies = (action: SwitchedAction, cohortId: string | undefined, now: number) =>
    this.holds(action, undefined, now) || (cohortId !== undefined && this.holds(action, cohortId, now));
}

it('denies exactly what a plain model denies, at every moment of any history', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const model = new PlainModel();
      const events: (SwitchEvent & { position: number; metadata: { time: string } })[] = [];
      let now = NOW;
      for (const one of steps) {
        if (one.kind === 'passes') now += one.ms;
        else {
          const state = fold(switchesStream, events);
          const { action, cohortId } = one.scope;
          const until = one.kind === 'suspend' && one.forMs !== undefined ? now + one.forMs : undefined;
          const isRefused = (action === 'join' && cohortId !== undefined) || (until !== undefined && until <= now);
          const key = model.key(action, cohortId);
          const before = model.holds(action, cohortId, now) ? model.ends.get(key) : undefined;
          let decided: SwitchEvent[] | undefined;
          try {
            decided =
              one.kind === 'suspend'
                ? suspendAction(state, { ...one.scope, reason: one.reason, until }, now)
                : resumeAction(state, { ...one.scope, reason: one.reason }, now);
          } catch (error) {
            if (!(error instanceof GatehouseError)) throw error;
          }
          expect(decided === undefined).toBe(isRefused);
          if (decided === undefined) continue;
          const time = new Date(now).toISOString();
          for (const event of decided) events.push({ ...event, position: events.length + 1, metadata: { time } });
          const end = until ?? Number.POSITIVE_INFINITY;
          const isChange =
            one.kind === 'resume' ? before !== undefined : before?.until !== end || before.reason !== one.reason;
          expect(decided.length).toBe(isChange ? 1 : 0);
          if (one.kind === 'suspend') model.ends.set(key, { until: end, reason: one.reason });
          else model.ends.delete(key);
        }
        const state = fold(switchesStream, events);
        for (const action of SWITCHED_ACTIONS)
          for (const cohortId of COHORTS)
            expect(suspendedFor(state, action, cohortId, now) !== undefined).toBe(model.denies(action, cohortId, now));
        const shown = suspensionsInForce(state, now).map((found) => model.key(found.action, found.cohortId));
        expect(shown.sort()).toEqual(
          [...model.ends]
            .filter(([, { until }]) => until > now)
            .map(([key]) => key)
            .sort(),
        );
        for (const found of suspensionsInForce(state, now))
          expect(found).toEqual({
            action: found.action,
            cohortId: found.cohortId,
            ...inForce(switchOf(state, found), now),
          });
      }
    }),
    { numRuns: 300 },
  );
});
