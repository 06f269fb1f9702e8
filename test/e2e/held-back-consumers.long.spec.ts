import { expect, it } from '@jest/globals';
import { DECISIONS, tryHeldBack } from '../support/held-back-trial.js';

it('takes no decision on something older than what was stored before it', async () => {
  const decided = await tryHeldBack({ runs: 12, steps: 40 });
  expect(DECISIONS.filter((type) => !decided.has(type))).toEqual([]);
});
