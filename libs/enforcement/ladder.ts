import type { Measures } from '../account/index.js';
import { DAY_MS } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type InvalidField, InvalidInput } from '../kernel/errors.js';
import { type LadderEvent, ladderEvents } from './events.js';

type LadderData = LadderEvent['data'];
export type LadderEntry = LadderData['entries'][number];
export type LadderStep = LadderEntry['steps'][number];

/** A version of the ladder. */
export interface LadderVersion {
  /** It is in force from here on, until the next version. */
  position: Position;
  entries: readonly LadderEntry[];
  /** Its event is broken: what it was to change is not known. */
  isUnreadable?: true;
}

export interface Ladder {
  /** Oldest first. Without any, a confirmed violation deactivates the account. */
  versions: readonly LadderVersion[];
}

/** The kind has a single stream, `ladder`. */
export const ladderStream: StreamKind<Ladder, LadderEvent> = {
  category: 'ladder',
  events: ladderEvents,
  initial: { versions: [] },
  evolve: ({ versions }, { data: { entries } }, { position }) => ({ versions: [...versions, { position, entries }] }),
  /** It may have been stricter, so confirmed violations deactivate until somebody sets the ladder again. */
  evolveBroken: ({ versions }, { position }) => ({
    versions: [...versions, { position, entries: PUBLISHED_DEFAULT, isUnreadable: true }],
  }),
};

/** A confirmed violation deactivates the account, and no strike is needed for that. */
const PUBLISHED_DEFAULT: readonly LadderEntry[] = [];

/** The position of the broken event because of which the ladder is not known; undefined if it is known. */
export function unreadableLadder({ versions }: Ladder): Position | undefined {
  const last = versions.at(-1);
  return last?.isUnreadable ? last.position : undefined;
}

/** The version that was in force at a position; undefined for the published default. */
export const versionAt = ({ versions }: Ladder, position: Position): LadderVersion | undefined =>
  versions.findLast((one) => one.position < position);

/** The entries that were in force at a position. */
export const ladderAt = (ladder: Ladder, position: Position): readonly LadderEntry[] =>
  versionAt(ladder, position)?.entries ?? PUBLISHED_DEFAULT;

/** What a confirmed violation leads to. */
export interface Outcome {
  /** Absent without an entry: the published default. */
  step?: LadderStep;
  measures: Measures;
}

/**
 * @param strikesBefore the active strikes of the account before this violation
 * @param at when the confirmation was stored, in epoch milliseconds; every end counts from here
 */
export function outcomeOf(
  entries: readonly LadderEntry[],
  clause: string | undefined,
  strikesBefore: number,
  at: number,
): Outcome {
  const entry = entries.find((one) => clause !== undefined && one.clause === clause) ?? defaultEntry(entries);
  const step = entry?.steps.findLast(({ strikes }) => strikes <= strikesBefore + 1);
  if (!entry || !step) return { measures: { deactivate: true } };
  const strike = entry.strikeDays === undefined ? {} : { until: at + entry.strikeDays * DAY_MS };
  return { step, measures: { ...stepMeasures(step, at), strike } };
}

const defaultEntry = (entries: readonly LadderEntry[]) => entries.find(({ clause }) => clause === undefined);

function stepMeasures({ measure, action, days = 0 }: LadderStep, at: number): Measures {
  const until = at + days * DAY_MS;
  switch (measure) {
    case 'strike':
      return {};
    case 'restrict':
      return { restrict: { action: action!, until } };
    case 'suspend':
      return { suspend: { until } };
    case 'deactivate':
      return { deactivate: true };
  }
}

/**
 * A no-op for the ladder that is in force.
 * @param knownClauses of every published version of the content policy; none: any label may be one
 * @throws InvalidInput with every entry and step that can't be meant
 */
export function setLadder({ versions }: Ladder, data: LadderData, knownClauses: ReadonlySet<string>): LadderEvent[] {
  const errors = [...entryFaults(data.entries, knownClauses), ...data.entries.flatMap(stepFaults)];
  if (errors.length > 0) throw new InvalidInput(errors);
  if (JSON.stringify(versions.at(-1)?.entries) === JSON.stringify(data.entries)) return [];
  return [{ type: 'LadderSet', data }];
}

function entryFaults(entries: readonly LadderEntry[], known: ReadonlySet<string>): InvalidField[] {
  const faults = entries.flatMap(({ clause }, n): InvalidField[] => {
    const field = `/entries/${n}/clause`;
    if (entries.findIndex((one) => one.clause === clause) < n)
      return [{ field, message: `is that of an earlier entry too: give each clause one entry` }];
    if (clause === undefined || known.size === 0 || known.has(clause)) return [];
    return [{ field, message: `is in no version of the content policy: use one of ${[...known].join(', ')}` }];
  });
  if (entries.every(({ clause }) => clause !== undefined))
    faults.push({ field: '/entries', message: 'must have one entry without a clause, for all other violations' });
  return faults;
}

function stepFaults({ steps }: LadderEntry, n: number): InvalidField[] {
  return steps.flatMap(({ strikes, measure, action, days }, i): InvalidField[] => {
    const at = `/entries/${n}/steps/${i}`;
    const faults: InvalidField[] = [];
    const least = i === 0 ? 1 : steps[i - 1]!.strikes + 1;
    if (i === 0 ? strikes !== 1 : strikes < least)
      faults.push({
        field: `${at}/strikes`,
        message:
          i === 0 ? 'must be 1: the first step is for the first strike' : `must be at least ${least}: steps ascend`,
      });
    if ((measure === 'restrict') !== (action !== undefined))
      faults.push({ field: `${at}/action`, message: 'must be given for restrict, and for no other measure' });
    if ((measure === 'restrict' || measure === 'suspend') !== (days !== undefined))
      faults.push({ field: `${at}/days`, message: 'must be given for restrict and suspend, and for no other measure' });
    return faults;
  });
}
