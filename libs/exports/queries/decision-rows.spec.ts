import { expect, it } from '@jest/globals';
import type { ReadAllOptions } from '../../event-store/event-store.js';
import { decisionsDataset } from './decision-rows.js';

/** By a word of the summary: the types that it stands for. */
const SAID: Readonly<Record<string, RegExp>> = {
  verdict: /^VerdictGiven$/,
  review: /^(Review|ModelProblem)/,
  enforcement: /^Enforcement/,
  measure: /^(Account|DeactivationCause|Cause|Strike|Image)/,
  appeal: /^Appeal/,
  pause: /^Onboarding(Paused|Resumed)$/,
  policy: /^ContentPolicy/,
  ladder: /^LadderSet$/,
  switches: /^Action/,
  rate: /^OnboardingRateSet$/,
  phase: /^RolloutPhaseSet$/,
};

it('says in its summary all that it has rows of', async () => {
  const asked: string[] = [];
  const dataset = decisionsDataset({
    readAll: (after, { types = [] }: ReadAllOptions) => {
      asked.push(...types);
      return Promise.resolve({ events: [], next: after, atHead: true });
    },
  });
  await dataset.page({ after: 0, to: 1 }, undefined, 10);
  expect(asked.length).toBeGreaterThan(20);
  const saidOf = (type: string) => Object.keys(SAID).filter((word) => SAID[word]!.test(type));
  expect(asked.map((type) => [type, saidOf(type).length])).toEqual(asked.map((type) => [type, 1]));
  const words = dataset.summary.split(/\W+/);
  for (const word of new Set(asked.flatMap(saidOf))) expect(words).toContain(word);
});
