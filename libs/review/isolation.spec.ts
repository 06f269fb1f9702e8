import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldView, recorded, replay } from '../../test/support/fold-view.js';
import { fold } from '../kernel/decider.js';
import {
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

  it('never changes what an earlier decision said of a flag, whatever comes later', () => {
    const step = fc.record({
      kind: fc.constantFrom('flag', 'release', 'replay'),
      minutes: fc.integer({ min: 0, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state = isolationStream.initial;
        let at = AT;
        const said: [position: number, at: number, is: boolean][] = [];
        steps.forEach(({ kind, minutes }, place) => {
          const position = 10 * (place + 1);
          at += minutes * 60_000;
          let events: IsolationEvent[] = [];
          if (kind === 'flag') events = isolateFlagger(state, isolate(position, at));
          else if (state.spans.length > 0)
            events =
              kind === 'release'
                ? releaseFlagger(state, { flaggedBy, reason })
                : replayFlags(state, { flaggedBy, through: position, reason });
          state = fold(
            isolationStream,
            events.map((event) => ({ ...event, position: position + 1 })),
            state,
          );
          if (kind === 'flag') said.push([position, at, isIsolated(state, { position, at })]);
        });
        for (const [position, time, is] of said) expect(isIsolated(state, { position, at: time })).toBe(is);
      }),
      { numRuns: 300, seed: 20220518 },
    );
  });
});

describe('the isolations view', () => {
  const data = isolate(10);
  const began = recorded(11, 'FlaggerIsolated', { ...isolateFlagger(isolationStream.initial, data)[0]!.data });
  const released = recorded(20, 'IsolationReleased', { flaggedBy, reason });

  it('has when the flags of somebody are kept apart, and through where they were replayed', () => {
    expect(foldView(isolationsView, [began]).rows[flaggedBy]).toMatchObject({
      ...{ flagger_kind: 'detector', since: AT, until: AT + 2 * HOUR_MS, replayed_through: 0 },
      spans: [{ from: 10, until: AT + 2 * HOUR_MS }],
    });
    const replayed = recorded(21, 'IsolatedFlagsReplayed', { flaggedBy, after: 0, through: 15, reason });
    expect(foldView(isolationsView, [began, released, replayed]).rows[flaggedBy]).toMatchObject({
      ...{ until: null, replayed_through: 15, counted_after: 20 },
    });
  });

  it('stays the same when events are replayed', () => {
    const { once, replayed } = replay(isolationsView, [began, released]);
    expect(replayed).toEqual(once);
  });
});
