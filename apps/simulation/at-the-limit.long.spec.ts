import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { binomial } from '../../libs/gate/trials/binomial.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import { runSimulation } from './run-simulation.js';
import type { Scenario } from './scenario.js';
import { atTheLimit } from './scenarios.js';

const SEEDS = 20;
const SAFE_SEEDS = 2;
const ALPHA = 0.05;
/** Less probable than this, a count of raises contradicts the promise. */
const TOO_RARE = 0.01;
const LIMIT_MS = 1_800_000;
const { signal } = new AbortController();

async function raises(scenario: Scenario, seeds: number): Promise<number> {
  let count = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const database = await createTestDatabase();
    try {
      const { moves } = await runSimulation(database.connection, scenario, { seed, scale: 1, signal });
      if (moves.some(({ outcome }) => outcome === 'expand')) count++;
    } finally {
      await database.drop();
    }
  }
  return count;
}

/** That so many or more of the runs raise, if each does with probability alpha. */
function chanceOf(count: number, runs: number): number {
  const { first, probabilities } = binomial(runs, ALPHA);
  return probabilities.reduce((sum, probability, n) => (first + n >= count ? sum + probability : sum), 0);
}

it(
  'supports a raise in no more rollouts at the limit than the promised 5%',
  async () => {
    expect(chanceOf(await raises(atTheLimit, SEEDS), SEEDS)).toBeGreaterThan(TOO_RARE);
  },
  LIMIT_MS,
);

it(
  'supports one in each rollout with a tenth of the violations, so that evidence alone decides at the limit',
  async () => {
    const [people] = atTheLimit.people;
    const safe = { ...atTheLimit, people: [{ ...people!, violationRate: people!.violationRate / 10 }] };
    expect(await raises(safe, SAFE_SEEDS)).toBe(SAFE_SEEDS);
  },
  LIMIT_MS,
);
