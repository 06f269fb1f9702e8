import { availableParallelism } from 'node:os';
import { expect, it } from '@jest/globals';
import { pause } from '../../../libs/kernel/wait.js';
import type { SimulationOptions } from '../run-simulation.js';
import type { Scenario } from '../scenario.js';
import { preview2022 } from '../scenarios.js';
import type { Simulation } from '../simulation.js';
import { playRates } from './play-rates.js';

const progress = { start() {}, update() {}, end() {} };
const session = (signal = new AbortController().signal) => ({ progress, signal }) as never;
const options = { rates: [10, 20, 30, 40, 50, 60], runs: 2, seed: 5, scale: 1 };
const simulationOf = ({ perWeek }: Scenario, { seed, scale }: SimulationOptions) =>
  ({ scenario: { ...preview2022, perWeek }, seed, scale }) as Simulation;
const nextTurn = () => pause(0);

it('plays each rate with the same seeds, a few at a time', async () => {
  let [playing, most] = [0, 0];
  const played = await playRates(session(), preview2022, options, async (scenario, given) => {
    most = Math.max(most, ++playing);
    await nextTurn();
    playing--;
    return simulationOf(scenario, given);
  });
  expect(played.map(({ perWeek }) => perWeek)).toEqual(options.rates);
  for (const { perWeek, runs } of played)
    expect(runs.map(({ seed, scenario }) => [seed, scenario.perWeek])).toEqual([
      [5, perWeek],
      [6, perWeek],
    ]);
  expect(most).toBe(Math.min(4, availableParallelism()));
});

/** @returns what ended with how many that play, as of the rejection */
async function failed(from: AbortSignal | undefined, fail: (begun: number) => void) {
  let [begun, playing] = [0, 0];
  const work = playRates(session(from), preview2022, options, async (_, { signal }) => {
    playing++;
    try {
      fail(++begun);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      // As a server that takes a while to stop.
      await nextTurn();
      throw new Error('one of the others was ended');
    } finally {
      playing--;
    }
  });
  const error: unknown = await work.catch((reason) => reason);
  return { error, playing, begun };
}

it('ends the others if one fails, and says why once all have ended', async () => {
  const why = new Error('no space left');
  const atOnce = Math.min(4, availableParallelism());
  const { error, playing, begun } = await failed(undefined, (n) => {
    if (n === atOnce) throw why;
  });
  expect({ error, playing, begun }).toEqual({ error: why, playing: 0, begun: atOnce });
});

it('ends with all of them if it is stopped', async () => {
  const stop = new AbortController();
  const { playing, error } = await failed(stop.signal, () => {
    queueMicrotask(() => stop.abort());
  });
  expect([playing, error]).toEqual([0, expect.any(Error)]);
});
