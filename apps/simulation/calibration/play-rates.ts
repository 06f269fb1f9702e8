import { availableParallelism } from 'node:os';
import pMap from 'p-map';
import type { Session } from '../../../libs/cli/session.js';
import type { ObservedDay } from '../observed-day.js';
import type { Scenario } from '../scenario.js';
import { playScenario } from '../simulate-scenario.js';
import type { Simulation } from '../simulation.js';

/** The runs of a rate. */
export interface PlayedRate {
  perWeek: number;
  runs: Simulation[];
}

interface RateOptions {
  rates: readonly number[];
  /** Of each rate. */
  runs: number;
  seed: number;
  scale: number;
}

/** All plays share one thread: with a few of them it always has something to do while the others wait for their databases. */
const MOST_AT_ONCE = 4;

/**
 * Plays the same scenario at several rates, each with the same seeds, a few at a time: results don't depend on how many. One that fails ends
 * the others; all have ended before its error is thrown.
 */
export async function playRates(
  { progress, signal }: Pick<Session, 'progress' | 'signal'>,
  scenario: Scenario,
  { rates, runs, seed, scale }: RateOptions,
  play = playScenario,
): Promise<PlayedRate[]> {
  const plays = rates.flatMap((perWeek) => Array.from({ length: runs }, (_, n) => ({ perWeek, seed: seed + n })));
  progress.start('simulated days', plays.length * scenario.days);
  let days = 0;
  const onDay = () => progress.update(++days);
  const failure = new AbortController();
  const all = AbortSignal.any([signal, failure.signal]);
  const one = async ({ perWeek, seed: own }: (typeof plays)[number]): Promise<Simulation> => {
    try {
      all.throwIfAborted();
      return await play({ ...scenario, perWeek }, { seed: own, scale, signal: all, onDay });
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  };
  try {
    const played = await pMap(plays, (each) => settled(one(each)), {
      concurrency: Math.min(MOST_AT_ONCE, availableParallelism()),
    });
    // The others ended because of the first.
    if (failure.signal.aborted) throw failure.signal.reason;
    const simulations = played.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    return rates.map((perWeek, n) => ({ perWeek, runs: simulations.slice(n * runs, (n + 1) * runs) }));
  } finally {
    progress.end();
  }
}

const settled = async <Result>(work: Promise<Result>): Promise<PromiseSettledResult<Result>> =>
  (await Promise.allSettled([work]))[0]!;

/** A figure of several runs. */
export interface Spread {
  mean: number;
  least: number;
  most: number;
}

/** What came out at a rate, at full size. */
export interface RateOutcome {
  perWeek: number;
  /** Ever onboarded, also before. */
  people: Spread;
  /** What came since the beginning. */
  images: Spread;
  flagged: Spread;
  confirmed: Spread;
  backlog: Spread;
  /** From the flag that opened a case to its decision, of 95 of 100, in hours; null if nothing was decided. */
  verdictHours: Spread | null;
  /** How many runs ended with each outcome of the gate. */
  ended: { expand: number; hold: number; brake: number };
  /** Runs in which the gate supported a raise at some time, and in which it stopped admissions. */
  expanded: number;
  braked: number;
  runs: number;
}

const HOUR_MS = 3_600_000;

/** @param scale that was played */
export function outcomeOf({ perWeek, runs }: PlayedRate, scale: number): RateOutcome {
  const last = runs.map(({ days }) => days.at(-1)!);
  const ofAll = (of: (day: ObservedDay) => number) => spreadOf(last.map((day) => of(day) / scale));
  const sinceBegin = (of: (day: ObservedDay) => number) =>
    spreadOf(runs.map(({ begin }, n) => (of(last[n]!) - (begin ? of(begin) : 0)) / scale));
  const hours = last.flatMap(({ timeToVerdictMs: ms }) => (ms === null ? [] : [ms / HOUR_MS]));
  const endedWith = (outcome: string) => last.filter(({ inForce }) => inForce === outcome).length;
  // The move that was in force before the first day is none of the run's own.
  const everMoved = (outcome: string) =>
    runs.filter(({ moves }) => moves.some((move) => move.day > 0 && move.outcome === outcome)).length;
  return {
    ...{
      perWeek,
      runs: runs.length,
      people: ofAll(({ people }) => people),
      images: sinceBegin(({ images }) => images),
    },
    flagged: sinceBegin(({ flagged }) => flagged?.hits ?? 0),
    confirmed: sinceBegin(({ confirmed }) => confirmed?.hits ?? 0),
    backlog: ofAll(({ backlog }) => backlog),
    verdictHours: hours.length === 0 ? null : spreadOf(hours),
    ended: { expand: endedWith('expand'), hold: endedWith('hold'), brake: endedWith('brake') },
    ...{ expanded: everMoved('expand'), braked: everMoved('brake') },
  };
}

/** @param values at least one */
export const spreadOf = (values: readonly number[]): Spread => ({
  mean: values.reduce((sum, one) => sum + one, 0) / values.length,
  least: Math.min(...values),
  most: Math.max(...values),
});
