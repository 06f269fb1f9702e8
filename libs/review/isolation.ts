import { toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound } from '../kernel/errors.js';
import { hashOf } from '../kernel/ids.js';
import { type ISOLATED_KINDS, type IsolationEvent, isolationEvents } from './isolation-events.js';

const HOUR_MS = 3_600_000;

/** A time in which the flags of somebody are kept apart. */
export interface Span {
  /** The position of the first flag. */
  from: Position;
  /** Epoch milliseconds of its time. */
  since: number;
  /** Flags of this time and later are not in it, in epoch milliseconds. */
  until: number;
  perHour: number;
  /** The position at which a lead ended it: flags stored later are not in it. */
  releasedAt?: Position;
}

export interface Isolation {
  spans: readonly Span[];
  /** Flags up to this position are not counted: a lead released the flagger there. */
  countedAfter: Position;
  /** The position of the last flag that was put into its case after all; every one after it waits. */
  replayedThrough: Position;
}

export const isolationStream: StreamKind<Isolation, IsolationEvent> = {
  category: 'isolation',
  events: isolationEvents,
  initial: { spans: [], countedAfter: 0, replayedThrough: 0 },
  evolve(state, { type, data }, { position }) {
    switch (type) {
      case 'FlaggerIsolated': {
        const { from, since, until, perHour } = data;
        return {
          ...state,
          spans: [...state.spans, { from, since: Date.parse(since), until: Date.parse(until), perHour }],
          // Flags are processed in any order: what was replayed before did not include these.
          replayedThrough: Math.min(state.replayedThrough, from - 1),
        };
      }
      case 'IsolationReleased':
        return {
          ...state,
          countedAfter: position,
          spans: state.spans.map((span) => (span.releasedAt === undefined ? { ...span, releasedAt: position } : span)),
        };
      case 'IsolatedFlagsReplayed':
        return { ...state, replayedThrough: Math.max(state.replayedThrough, data.through) };
    }
  },
};

/** The id of a flagger's stream: a hash, as it may be a personal one. */
export const isolationId = (flaggedBy: string): string => hashOf('isolation', flaggedBy);

/** What matters of a flag. `at` is its own time, in epoch milliseconds. */
export interface FlagPlace {
  position: Position;
  at: number;
}

/** Whether the flag is kept apart: by its place in the log and its own time, whenever it is asked. */
export const isIsolated = ({ spans }: Pick<Isolation, 'spans'>, { position, at }: FlagPlace): boolean =>
  spans.some(
    ({ from, until, releasedAt }) =>
      position >= from && at < until && (releasedAt === undefined || position < releasedAt),
  );

export interface Isolate extends FlagPlace {
  flaggedBy: string;
  flaggerKind: (typeof ISOLATED_KINDS)[number];
  perHour: number;
  hours: number;
}

/** Keeps this flag and later ones apart. A no-op if it is, and if a lead has released the flagger since it was stored. */
export function isolateFlagger(state: Isolation, { hours, at, position, ...flag }: Isolate): IsolationEvent[] {
  if (position <= state.countedAfter || isIsolated(state, { position, at })) return [];
  const times = { since: toIso(at), until: toIso(at + hours * HOUR_MS) };
  return [{ type: 'FlaggerIsolated', data: { ...flag, ...times, from: position } }];
}

/** A no-op if the last time in which they were kept apart was ended. @throws NotFound flagger-not-isolated */
export function releaseFlagger(state: Isolation, data: { flaggedBy: string; reason: string }): IsolationEvent[] {
  refuseNeverIsolated(state, data.flaggedBy);
  return state.spans.every(({ releasedAt }) => releasedAt !== undefined) ? [] : [{ type: 'IsolationReleased', data }];
}

/** A no-op if they were replayed as far. @throws NotFound flagger-not-isolated */
export function replayFlags(
  state: Isolation,
  data: { flaggedBy: string; through: Position; reason: string },
): IsolationEvent[] {
  refuseNeverIsolated(state, data.flaggedBy);
  return data.through <= state.replayedThrough
    ? []
    : [{ type: 'IsolatedFlagsReplayed', data: { ...data, after: state.replayedThrough } }];
}

/** @throws NotFound flagger-not-isolated */
export function refuseNeverIsolated({ spans }: Isolation, flaggedBy: string): void {
  if (spans.length > 0) return;
  throw new NotFound(
    'flagger-not-isolated',
    `no flags of ${flaggedBy} were ever kept apart: GET /v1/isolated-flags lists whose were`,
  );
}
