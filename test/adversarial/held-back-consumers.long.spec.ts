import { expect, it } from '@jest/globals';
import { DECISIONS, tryHeldBack } from '../support/held-back-trial.js';

const LIMIT_MS = 900_000;

it(
  'takes no decision on something older than what was stored before it, in any of many long runs',
  async () => {
    const decided = await tryHeldBack({ runs: 30, steps: 80 });
    expect(DECISIONS.filter((type) => !decided.has(type))).toEqual([]);
  },
  LIMIT_MS,
);
