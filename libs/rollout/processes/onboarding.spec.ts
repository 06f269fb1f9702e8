import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dyingAfter } from '../../../test/support/dying-log.js';
import { expectOnboardingInvariants } from '../../../test/support/onboarding-invariants.js';
import { type OnboardingWorld, onboardingWorld } from '../../../test/support/onboarding-world.js';
import type { EventStore } from '../../event-store/event-store.js';
import { DAY_MS, toIso, WEEK_MS } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { JsonObject, RecordedEvent } from '../../kernel/envelope.js';
import { availableCapacity, rolloutStream } from '../rollout.js';
import { onboarding } from './onboarding.js';

const onboardedPeople = async (world: OnboardingWorld) =>
  (await world.log('AccountOnboarded')).map(({ data }) => `${data.accountId} in ${data.cohortId}`).sort();

describe('onboarding', () => {
  let world: OnboardingWorld;

  beforeEach(async () => {
    world = await onboardingWorld();
    await world.setRate(1_000);
  });
  afterEach(() => world.close());

  const admitted = async (): Promise<RecordedEvent> => (await world.log('CohortAdmitted')).at(-1)!;
  const dataOf = async (type: string) => (await world.log(type)).map(({ data }) => data);
  const killed = (store: EventStore) => expect(admitted().then(world.consumer(store).react)).rejects.toThrow('killed');
  const available = async () =>
    availableCapacity(foldRecorded(rolloutStream, await world.store.readStream('rollout')), world.clock.time);

  it('onboards the front of the waitlist in order and closes the cohort', async () => {
    await world.join('c', 'a', 'b', 'd');
    await world.leave('a');
    await world.admit({ cohortId: 'one', size: 2 });
    await world.reactor.processAll();
    expect(await dataOf('CohortOnboarded')).toEqual([
      { cohortId: 'one', accounts: ['c', 'b'], perWeek: 1_000, part: 0 },
    ]);
    expect(await onboardedPeople(world)).toEqual(['b in one', 'c in one']);
    const at = toIso(world.clock.time);
    expect(await dataOf('CohortClosed')).toEqual([{ cohortId: 'one', people: 2, first: at, last: at }]);
  });

  it('shares cohorts among the classes by the plan, as exactly over small ones as over a large one', async () => {
    const artists = Array.from({ length: 6 }, (_, n) => `artist-${n}`);
    await world.join(...Array.from({ length: 20 }, (_, n) => `p-${n}`), ...artists, 'held', 'employee');
    await world.classify('artists', ...artists);
    await world.classify('hold-out', 'held', 'p-0');
    await world.classify('staff', 'employee');
    await world.planClasses('quotas', [{ class: 'artists', share: 20 }]);
    for (const [cohortId, size] of [
      ['one', 1],
      ['two', 4],
      ['three', 5],
      ['four', 5],
    ] as const)
      await world.admit({ cohortId, size });
    await world.reactor.processAll();
    const people = (await dataOf('CohortOnboarded')).map(({ accounts }) => accounts as string[]);
    expect(people[0]).toEqual(['employee']);
    expect(people.flat().filter((one) => one.startsWith('artist'))).toEqual(['artist-0', 'artist-1', 'artist-2']);
    const others = people.flat().filter((one) => one.startsWith('p-'));
    expect(others).toEqual(Array.from({ length: 11 }, (_, n) => `p-${n + 1}`));
    expect(await dataOf('CohortShared')).toMatchObject([{ from: 0 }, { from: 1 }, { from: 5 }, { from: 10 }]);
    // Only a listed cohort onboards somebody who is held out.
    await world.admit({ cohortId: 'listed', accounts: ['held'] });
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toContain('held in listed');
  });

  it('onboards people of the classes only that the phase names, from the line and of a list', async () => {
    await world.join('a', 'b', 'c', 'd', 'employee');
    await world.classify('testers', 'b', 'd');
    await world.classify('staff', 'employee');
    const named = { phase: 'weekly', classes: ['testers'], reason: 'a test', before: 'weekly' } as const;
    await world.record({ type: 'RolloutPhaseSet', data: { ...named, classes: [...named.classes] } });
    expect(await world.peopleLeft.count()).toBe(2);
    await world.admit({ cohortId: 'one', size: 3 });
    // The class of somebody who is listed may have changed since the list was checked.
    await world.admit({ cohortId: 'listed', accounts: ['c', 'd'] });
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toEqual(['b in one', 'd in one']);
    expect((await available()).available).toBe(998);
    const all = { phase: 'weekly' as const, reason: 'a test', before: 'weekly' as const, classesBefore: ['testers'] };
    await world.record({ type: 'RolloutPhaseSet', data: all });
    await world.admit({ cohortId: 'two', size: 2 });
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toContain('employee in two');
  });

  it('chooses the next in line for each cohort admitted before the first was filled', async () => {
    await world.join('a', 'b', 'c');
    for (const cohortId of ['one', 'two', 'three']) await world.admit({ cohortId, size: 2 });
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toEqual(['a in one', 'b in one', 'c in two']);
    expect(await available()).toEqual({ available: 997, moreAt: world.clock.time + WEEK_MS });
  });

  /** Two people of a, b, c and d come in by a clock that is eight days ahead; then two more are admitted by the right one. */
  async function admitBesideWrongClock() {
    await world.setRate(2);
    await world.join('a', 'b', 'c', 'd');
    world.clock.time += 8 * DAY_MS;
    await world.admit({ cohortId: 'ahead', size: 2 });
    await world.reactor.processAll();
    // Their time is too far ahead to count, until the consumer comes to the next cohort.
    world.clock.time -= 8 * DAY_MS;
    await world.admit({ cohortId: 'late', size: 2 });
  }

  it('waits with people whom the rate has no room for beside those that a wrong clock onboarded', async () => {
    await admitBesideWrongClock();
    world.clock.time += 2 * DAY_MS;
    await expect(world.reactor.processAll()).rejects.toMatchObject({ code: 'rate-used' });
    world.clock.time += 13 * DAY_MS - 1;
    await expect(world.reactor.processAll()).rejects.toMatchObject({ code: 'rate-used' });
    world.clock.time += 1;
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toEqual(['a in ahead', 'b in ahead', 'c in late', 'd in late']);
    expectOnboardingInvariants(await world.log());
  });

  it('closes a cohort that waits with those who are in, once that is ordered, and goes on with the line', async () => {
    await admitBesideWrongClock();
    // Their choice is stored, and one of them comes in.
    await killed(dyingAfter(world.store, 2));
    world.clock.time += 2 * DAY_MS;
    await expect(world.reactor.processAll()).rejects.toMatchObject({ code: 'rate-used' });
    await world.orderClosing('late');
    await world.reactor.processAll();
    expect(await dataOf('CohortClosed')).toEqual([
      expect.objectContaining({ cohortId: 'ahead', people: 2 }),
      expect.objectContaining({ cohortId: 'late', people: 1 }),
    ]);
    world.clock.time += 13 * DAY_MS;
    await world.admit({ cohortId: 'next', size: 1 });
    await world.reactor.processAll();
    const cohorts = (await onboardedPeople(world)).map((one) => one.split(' in ')[1]);
    expect(cohorts.sort()).toEqual(['ahead', 'ahead', 'late', 'next']);
    expectOnboardingInvariants(await world.log());
  });

  it('chooses nobody for a cohort that is to be closed before anybody was', async () => {
    await world.join('a');
    await world.admit({ cohortId: 'one', size: 1 });
    await world.orderClosing('one');
    await world.reactor.processAll();
    expect(await dataOf('CohortClosed')).toEqual([{ cohortId: 'one', people: 0 }]);
    expect(await dataOf('CohortFilled')).toEqual([]);
    expect((await available()).available).toBe(1_000);
  });

  it('reports only the listed accounts that it onboards and frees the places of the others', async () => {
    await world.join('a', 'b', 'c');
    await world.deactivate('a');
    await world.admit({ cohortId: 'friends', accounts: ['c', 'stranger', 'a', 'b'] });
    await world.admit({ cohortId: 'more', accounts: ['b'] });
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toEqual(['b in friends', 'c in friends']);
    expect(await dataOf('CohortOnboarded')).toEqual([
      { cohortId: 'friends', accounts: ['c', 'b'], perWeek: 1_000, part: 0 },
    ]);
    expect((await available()).available).toBe(998);
  });

  it('skips an account that left after the cohort was filled, and reports and counts only the others', async () => {
    await world.join('a', 'b', 'c');
    await world.admit({ cohortId: 'one', size: 3 });
    await killed(dyingAfter(world.store, 1));
    await world.leave('b');
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toEqual(['a in one', 'c in one']);
    expect(await dataOf('CohortOnboarded')).toEqual([expect.objectContaining({ accounts: ['a', 'c'] })]);
    expect(await dataOf('CohortClosed')).toEqual([expect.objectContaining({ people: 2 })]);
  });

  it('onboards nobody who lost the turn for which they were chosen', async () => {
    await world.join('a', 'b', 'c', 'd');
    await world.admit({ cohortId: 'one', size: 3 });
    await killed(dyingAfter(world.store, 1));
    await world.leave('a');
    await world.join('a');
    await world.deactivate('b');
    await world.reinstate('b');
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toEqual(['c in one']);
  });

  it('leaves out who became a hold-out after the line was read', async () => {
    await world.join('a', 'b');
    await world.admit({ cohortId: 'one', size: 2 });
    const asOf = await world.store.head();
    const line = async () => {
      const people = ['a', 'b'].map((accountId) => ({ accountId, class: 'general' }));
      await world.classify('hold-out', 'a');
      return { people, asOf };
    };
    await onboarding(world.transactorOn(world.store), world.store, line, world.clock).react(await admitted());
    expect(await onboardedPeople(world)).toEqual(['b in one']);
  });

  it('is a no-op when the admission is processed again, also after more people joined', async () => {
    await world.join('a');
    await world.admit({ cohortId: 'one', size: 5 });
    await world.reactor.processAll();
    await world.join('b');
    const head = await world.store.head();
    await world.consumer().react(await admitted());
    expect(await world.store.head()).toBe(head);
  });

  it('onboards nobody later with a cohort that nobody waited for', async () => {
    await world.admit({ cohortId: 'early', size: 5 });
    await killed(dyingAfter(world.store, 1));
    await world.join('a');
    await world.reactor.processAll();
    await world.consumer().react(await admitted());
    expect(await onboardedPeople(world)).toEqual([]);
    expect(await available()).toEqual({ available: 1_000 });
  });

  it('counts people from their onboarding, however long after the admission', async () => {
    await world.join('a', 'b');
    await world.admit({ cohortId: 'late', size: 1_000 });
    world.clock.time += 8 * DAY_MS;
    await expect(world.admit({ cohortId: 'next', size: 1 })).rejects.toMatchObject({ code: 'rate-exceeded' });
    await world.reactor.processAll();
    expect(await available()).toEqual({ available: 998, moreAt: world.clock.time + WEEK_MS });
  });

  it('onboards nobody at a time before the admission, even if the clock went back', async () => {
    await world.join('a');
    await world.admit({ cohortId: 'one', size: 1 });
    const { time } = (await admitted()).metadata;
    world.clock.time -= 3_600_000;
    await world.reactor.processAll();
    expect((await world.log('AccountOnboarded')).map(({ metadata }) => metadata.time)).toEqual([time]);
  });

  it('continues after a crash at any moment with the people chosen before it', async () => {
    for (let appends = 0; appends < 6; appends++) {
      const names = [1, 2, 3].map((n) => `p${appends}-${n}`);
      await world.join(...names);
      await world.admit({ cohortId: `crash-${appends}`, size: 3 });
      await killed(dyingAfter(world.store, appends));
      await world.consumer().react(await admitted());
      expect((await onboardedPeople(world)).filter((one) => one.endsWith(`crash-${appends}`))).toEqual(
        names.map((name) => `${name} in crash-${appends}`),
      );
    }
    expectOnboardingInvariants(await world.log());
  });

  it('onboards a cohort of more than a thousand in parts, each before the next is chosen', async () => {
    await world.setRate(5_000);
    await Promise.all(Array.from({ length: 1_003 }, (_, n) => world.join(`many-${n}`)));
    await world.admit({ cohortId: 'many', size: 1_002 });
    await world.reactor.processAll();
    const parts = (await dataOf('CohortOnboarded')).map(({ part, accounts }) => [part, (accounts as string[]).length]);
    expect(parts).toEqual([
      [0, 1_000],
      [1, 2],
    ]);
    expectOnboardingInvariants(await world.log());
  });

  it('closes cohorts of an early log with the onboarding times of their people', async () => {
    const at = toIso(world.clock.time - 5 * DAY_MS);
    const metadata = (subject: string) => ({
      source: '/gatehouse',
      subject,
      time: at,
      schemaversion: 1,
      correlationid: 'early',
      actor: { kind: 'process' as const, id: 'onboarding' },
    });
    const append = (stream: string, type: string, data: JsonObject) =>
      world.store.append([
        { stream, expected: 'any', events: [{ id: randomUUID(), type, data, metadata: metadata(stream) }] },
      ]);
    await world.join('a', 'b');
    const admission = { cohortId: 'early', size: 600, selection: 'first-come', perWeek: 1_000, at };
    await append('rollout', 'CohortAdmitted', admission);
    await append('cohort-early', 'CohortOnboarded', { cohortId: 'early', accounts: ['a'], perWeek: 1_000, part: 0 });
    await append('account-a', 'AccountOnboarded', { accountId: 'a', cohortId: 'early' });
    expect((await available()).available).toBe(400);
    await world.reactor.processAll();
    expect(await onboardedPeople(world)).toEqual(['a in early']);
    expect(await available()).toEqual({ available: 999, moreAt: world.clock.time + 2 * DAY_MS });
  });
});
