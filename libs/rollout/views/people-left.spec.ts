import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type OnboardingWorld, onboardingWorld } from '../../../test/support/onboarding-world.js';

let world: OnboardingWorld;

beforeEach(async () => {
  world = await onboardingWorld();
  await world.setRate(100);
});
afterEach(() => world.close());

it('counts nobody who is about to be let in with a cohort that is not filled yet', async () => {
  await world.join('a', 'b', 'c');
  expect(await world.peopleLeft.count()).toBe(3);
  await world.admit({ cohortId: 'one', size: 2 });
  expect(await world.peopleLeft.count()).toBe(1);
  await world.admit({ cohortId: 'two', size: 5 });
  expect(await world.peopleLeft.count()).toBe(0);
  await world.reactor.processAll();
  expect(await world.peopleLeft.count()).toBe(0);
  await world.join('d');
  expect(await world.peopleLeft.count()).toBe(1);
});

it('counts one priority class, less the cohorts that may take from it', async () => {
  await world.join('a', 'b');
  expect([await world.peopleLeft.count(5), await world.peopleLeft.count(0)]).toEqual([2, 0]);
  await world.admit({ cohortId: 'vip', size: 1, priority: 0 });
  expect(await world.peopleLeft.count(5)).toBe(2);
  await world.admit({ cohortId: 'any', size: 1 });
  expect(await world.peopleLeft.count(5)).toBe(1);
});
