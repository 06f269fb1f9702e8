import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type OnboardingWorld, onboardingWorld } from '../../../test/support/onboarding-world.js';

let world: OnboardingWorld;

beforeEach(async () => {
  world = await onboardingWorld();
  await world.setRate(100);
});
afterEach(() => world.close());

it('counts waiting people once all admitted cohorts are onboarded, in one priority class if given', async () => {
  await world.join('a', 'b', 'c');
  await world.joinAs(0, 'vip');
  await world.admit({ cohortId: 'one', size: 2 });
  const counted = Promise.all([undefined, 0, 5].map((priority) => world.peopleLeft.count(priority)));
  await world.reactor.processAll();
  expect(await counted).toEqual([2, 0, 2]);
});

it('counts nobody who is never chosen: hold-outs, and people of a closed class', async () => {
  await world.join('a', 'b', 'c', 'd');
  await world.classify('hold-out', 'a');
  await world.classify('artists', 'b', 'c');
  expect([await world.peopleLeft.count(), await world.peopleLeft.known()]).toEqual([3, 3]);
  await world.planClasses('weights', [
    { class: 'artists', share: 0 },
    { class: 'others', share: 1 },
  ]);
  expect([await world.peopleLeft.count(), await world.peopleLeft.eligible()]).toEqual([1, 1]);
  await world.planClasses('weights', [
    { class: 'artists', share: 1 },
    { class: 'others', share: 0 },
  ]);
  expect(await world.peopleLeft.countIfKnown()).toBe(2);
});

it('gives up and names the cohort if its onboarding takes too long', async () => {
  await world.join('a');
  await world.admit({ cohortId: 'one', size: 1 });
  world.wait.decisionWaitMs = 60; // more than one look
  await expect(world.peopleLeft.count()).rejects.toMatchObject({
    code: 'cohort-in-progress',
    message: expect.stringContaining('cohort one'),
  });
});
