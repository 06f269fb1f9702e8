import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldView, recorded, replay } from '../../test/support/fold-view.js';
import { fold } from '../kernel/decider.js';
import {
  type FlagPlace,
  type Isolation,
  isIsolated,
  isolateFlagger,
  isolationStream,
  releaseFlagger,
  replayFlags,
} from './isolation.js';
import type { IsolationEvent } from './isolation-events.js';
import { isolationsView } from './views/isolations.js';

const HOUR_MS = 3_600_000;
const AT = Date.UTC(2022, 4, 19, 10);
const flaggedBy = 'det-1';
const reason = 'a test';
const isolate = (position: number, at = AT) => ({
  ...{ flaggedBy, flaggerKind: 'detector' as const, perHour: 500, hours: 2 },
  ...{ position, at },
});
/** Folds events as they were stored at these positions. */
const stored = (...events: [position: number, event: IsolationEvent][]): Isolation =>
  fold(
    isolationStream,
    events.map(([position, event]) => ({ ...event, position })),
  );
const isolated = () => stored([11, isolateFlagger(isolationStream.initial, isolate(10))[0]!]);
const replayOf = (through: number) => ({ flaggedBy, through, reason });
/** At most two within an hour are not. */
const isExcessive = (flag: FlagPlace, flags: readonly FlagPlace[], { countedAfter }: Isolation): boolean =>
  flags.filter(
    ({ position, at }) =>
      position < flag.position && position > countedAfter && at > flag.at - HOUR_MS && at <= flag.at,
  ).length >= 2;
const unknown = expect.objectContaining({ code: 'flagger-not-isolated' });

describe('keeping flags apart', () => {
  it('begins with the flag that is one too many, for so many hours', () => {
    expect(isolateFlagger(isolationStream.initial, isolate(10))).toEqual([
      {
        type: 'FlaggerIsolated',
        data: {
          ...{ flaggedBy, flaggerKind: 'detector', perHour: 500, from: 10 },
          ...{ since: '2022-05-19T10:00:00.000Z', until: '2022-05-19T12:00:00.000Z' },
        },
      },
    ]);
  });

  it('is a no-op for a flag that is kept apart, and starts anew after the end', () => {
    expect(isolateFlagger(isolated(), isolate(12, AT + 1))).toEqual([]);
    expect(isolateFlagger(isolated(), isolate(12, AT + 2 * HOUR_MS))).toHaveLength(1);
  });

  it('concerns the flags from there on and of a time before the end', () => {
    const is = (position: number, at = AT) => isIsolated(isolated(), { position, at });
    expect([is(9), is(10), is(99), is(99, AT + 2 * HOUR_MS - 1), is(99, AT + 2 * HOUR_MS)]).toEqual([
      ...[false, true, true],
      ...[true, false],
    ]);
  });

  it('ends when a lead releases the flagger, for later flags only', () => {
    const release = releaseFlagger(isolated(), { flaggedBy, reason });
    expect(release).toEqual([{ type: 'IsolationReleased', data: { flaggedBy, reason } }]);
    const state = fold(isolationStream, [{ ...release[0]!, position: 20 }], isolated());
    expect([isIsolated(state, { position: 19, at: AT }), isIsolated(state, { position: 21, at: AT })]).toEqual([
      true,
      false,
    ]);
    expect(state.countedAfter).toBe(20);
    expect(releaseFlagger(state, { flaggedBy, reason })).toEqual([]);
    expect(() => releaseFlagger(isolationStream.initial, { flaggedBy, reason })).toThrow(unknown);
  });

  it('lets a lead replay what is kept apart, once', () => {
    const replayed = replayFlags(isolated(), { flaggedBy, through: 15, reason });
    expect(replayed).toEqual([{ type: 'IsolatedFlagsReplayed', data: { flaggedBy, after: 0, through: 15, reason } }]);
    const state = fold(isolationStream, [{ ...replayed[0]!, position: 16 }], isolated());
    expect(replayFlags(state, { flaggedBy, through: 15, reason })).toEqual([]);
    expect(replayFlags(state, { flaggedBy, through: 0, reason })).toEqual([]);
    expect(replayFlags(state, { flaggedBy, through: 30, reason })[0]!.data).toMatchObject({ after: 15 });
    expect(() => replayFlags(isolationStream.initial, { flaggedBy, through: 1, reason })).toThrow(unknown);
  });

  it('leaves flags that were stored before a release as they are', () => {
    const state = fold(
      isolationStream,
      [{ type: 'IsolationReleased', data: { flaggedBy, reason }, position: 20 }],
      isolated(),
    );
    expect(isolateFlagger(state, isolate(9))).toEqual([]);
    expect(isolateFlagger(state, isolate(21))).toHaveLength(1);
  });

  it('lets flags wait that are before those replayed and were processed later', () => {
    const replayed = fold(
      isolationStream,
      [{ ...replayFlags(isolated(), replayOf(15))[0]!, position: 16 }],
      isolated(),
    );
    const state = fold(isolationStream, [{ ...isolateFlagger(replayed, isolate(5))[0]!, position: 17 }], replayed);
    expect(state.replayedThrough).toBe(4);
    expect(replayFlags(state, replayOf(15))[0]!.data).toMatchObject({ after: 4, through: 15 });
  });

  it('loses no flag and stays by what it said of one, in whatever order they are processed', () => {
    const step = fc.record({
      kind: fc.constantFrom('flag', 'flag', 'flag', 'process', 'process', 'process', 'release', 'replay'),
      minutes: fc.integer({ min: -20, max: 40 }),
      pick: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let state = isolationStream.initial;
        let at = AT;
        const flags: FlagPlace[] = [];
        const unprocessed: FlagPlace[] = [];
        const [apart, filed] = [new Set<FlagPlace>(), new Set<FlagPlace>()];
        const waiting = () => flags.filter((one) => isIsolated(state, one) && one.position > state.replayedThrough);
        steps.forEach(({ kind, minutes, pick }, place) => {
          const position = 10 * (place + 1);
          at += minutes * 60_000;
          let events: IsolationEvent[] = [];
          const [flag] = kind === 'process' ? unprocessed.splice(pick % (unprocessed.length || 1), 1) : [];
          const stored = kind === 'flag' ? [{ position, at }] : [];
          flags.push(...stored);
          unprocessed.push(...stored);
          if (flag && isExcessive(flag, flags, state)) events = isolateFlagger(state, isolate(flag.position, flag.at));
          if (kind === 'release' && state.spans.length > 0) events = releaseFlagger(state, { flaggedBy, reason });
          if (kind === 'replay' && waiting().length > 0) {
            events = replayFlags(state, replayOf(waiting().at(-1)!.position));
            for (const one of waiting()) filed.add(one);
          }
          state = fold(
            isolationStream,
            events.map((event) => ({ ...event, position: position + 1 })),
            state,
          );
          if (flag) (isIsolated(state, flag) ? apart : filed).add(flag);
          for (const one of apart) expect(isIsolated(state, one)).toBe(true);
          for (const one of apart) expect([...filed, ...waiting()]).toContain(one);
        });
      }),
      { numRuns: 500, seed: 20220518 },
    );
  });
});

describe('the isolations view', () => {
  const data = isolate(10);
  const began = recorded(11, 'FlaggerIsolated', { ...isolateFlagger(isolationStream.initial, data)[0]!.data });
  const released = recorded(20, 'IsolationReleased', { flaggedBy, reason });

  it('has when the flags of somebody are kept apart, and through where they were replayed', () => {
    expect(foldView(isolationsView, [began]).rows[flaggedBy]).toMatchObject({
      ...{ flagger_kind: 'detector', until: AT + 2 * HOUR_MS, replayed_through: 0 },
      spans: [{ from: 10, until: AT + 2 * HOUR_MS }],
    });
    const replayed = recorded(21, 'IsolatedFlagsReplayed', { flaggedBy, after: 0, through: 15, reason });
    expect(foldView(isolationsView, [began, released, replayed]).rows[flaggedBy]).toMatchObject({
      ...{ until: null, replayed_through: 15, counted_after: 20 },
    });
  });

  it('has the latest end of those that no lead has ended', () => {
    const earlier = recorded(12, 'FlaggerIsolated', {
      ...isolateFlagger(isolationStream.initial, isolate(5, AT - 60_000))[0]!.data,
    });
    expect(foldView(isolationsView, [began, earlier]).rows[flaggedBy]).toMatchObject({ until: AT + 2 * HOUR_MS });
  });

  it('stays the same when events are replayed', () => {
    const { once, replayed } = replay(isolationsView, [began, released]);
    expect(replayed).toEqual(once);
  });
});
