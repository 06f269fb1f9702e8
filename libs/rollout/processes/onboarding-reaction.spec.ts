import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectOnboardingInvariants } from '../../../test/support/onboarding-invariants.js';
import { type OnboardingWorld, onboardingWorld } from '../../../test/support/onboarding-world.js';
import type { EventStore } from '../../event-store/event-store.js';
import { DAY_MS, toIso, WEEK_MS } from '../../kernel/clock.js';
import { fold } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import type { RolloutEvent } from '../events.js';
import { availableCapacity, rolloutStream } from '../rollout.js';

const letIn = async (world: OnboardingWorld) =>
  (await world.log('AccountOnboarded')).map(({ data }) => `${data.accountId} in ${data.cohortId}`).sort();

/** Dead once it has appended so often, like a process that was killed. */
function dyingAfter(store: EventStore, appends: number): EventStore {
  let left = appends;
  const dying = Object.create(store) as EventStore;
  dying.append = async (writes) => {
    if (left-- <= 0) throw new Error('killed');
    return store.append(writes);
  };
  return dying;
}

describe('onboarding', () => {
  let world: OnboardingWorld;

  beforeEach(async () => {
    world = await onboardingWorld();
    await world.setRate(1_000);
  });
  afterEach(() => world.close());

  const admitted = async (): Promise<RecordedEvent> => (await world.log('CohortAdmitted')).at(-1)!;
  const dataOf = async (type: string) => (await world.log(type)).map(({ data }) => data);
  const killed = (store: EventStore) => expect(admitted().then(world.reaction(store).react)).rejects.toThrow('killed');
  const available = async () =>
    availableCapacity(
      fold(rolloutStream, (await world.store.readStream('rollout')) as unknown as RolloutEvent[]),
      world.clock.time,
    );

  it('lets in the first that wait, in the order they came, and closes the cohort', async () => {
    await world.join('c', 'a', 'b', 'd');
    await world.leave('a');
    await world.admit({ cohortId: 'one', size: 2 });
    await world.reactor.processAll();
    expect(await dataOf('CohortOnboarded')).toEqual([
      { cohortId: 'one', accounts: ['c', 'b'], perWeek: 1_000, part: 0 },
    ]);
    expect(await letIn(world)).toEqual(['b in one', 'c in one']);
    const at = toIso(world.clock.time);
    expect(await dataOf('CohortClosed')).toEqual([{ cohortId: 'one', people: 2, first: at, last: at }]);
  });

  it('takes the next in line for each cohort that was admitted before the first was filled', async () => {
    await world.join('a', 'b', 'c');
    for (const cohortId of ['one', 'two', 'three']) await world.admit({ cohortId, size: 2 });
    await world.reactor.processAll();
    expect(await letIn(world)).toEqual(['a in one', 'b in one', 'c in two']);
    expect(await available()).toEqual({ available: 997, moreAt: world.clock.time + WEEK_MS });
  });

  it('names of the listed accounts only those that it lets in, and gives back what the others would have taken', async () => {
    await world.join('a', 'b', 'c');
    await world.deactivate('a');
    await world.admit({ cohortId: 'friends', accounts: ['c', 'stranger', 'a', 'b'] });
    await world.admit({ cohortId: 'more', accounts: ['b'] });
    await world.reactor.processAll();
    expect(await letIn(world)).toEqual(['b in friends', 'c in friends']);
    expect(await dataOf('CohortOnboarded')).toEqual([
      { cohortId: 'friends', accounts: ['c', 'b'], perWeek: 1_000, part: 0 },
    ]);
    expect((await available()).available).toBe(998);
  });

  it('leaves out who left after the cohort was filled, names the others and counts them only', async () => {
    await world.join('a', 'b', 'c');
    await world.admit({ cohortId: 'one', size: 3 });
    await killed(dyingAfter(world.store, 1));
    await world.leave('b');
    await world.reactor.processAll();
    expect(await letIn(world)).toEqual(['a in one', 'c in one']);
    expect(await dataOf('CohortOnboarded')).toEqual([expect.objectContaining({ accounts: ['a', 'c'] })]);
    expect(await dataOf('CohortClosed')).toEqual([expect.objectContaining({ people: 2 })]);
  });

  it('lets nobody in by a turn they gave up', async () => {
    await world.join('a', 'b', 'c', 'd');
    await world.admit({ cohortId: 'one', size: 3 });
    await killed(dyingAfter(world.store, 1));
    await world.leave('a');
    await world.join('a');
    await world.deactivate('b');
    await world.reinstate('b');
    await world.reactor.processAll();
    expect(await letIn(world)).toEqual(['c in one']);
  });

  it('changes nothing when the admission is given again, also after more people have come', async () => {
    await world.join('a');
    await world.admit({ cohortId: 'one', size: 5 });
    await world.reactor.processAll();
    await world.join('b');
    const head = await world.store.head();
    await world.reaction().react(await admitted());
    expect(await world.store.head()).toBe(head);
  });

  it('lets nobody in later with a cohort that nobody waited for', async () => {
    await world.admit({ cohortId: 'early', size: 5 });
    await killed(dyingAfter(world.store, 1));
    await world.join('a');
    await world.reactor.processAll();
    await world.reaction().react(await admitted());
    expect(await letIn(world)).toEqual([]);
    expect(await available()).toEqual({ available: 1_000 });
  });

  it('counts people from when they come in, however long after the admission', async () => {
    await world.join('a', 'b');
    await world.admit({ cohortId: 'late', size: 1_000 });
    world.clock.time += 8 * DAY_MS;
    await expect(world.admit({ cohortId: 'next', size: 1 })).rejects.toMatchObject({ code: 'rate-exceeded' });
    await world.reactor.processAll();
    expect(await available()).toEqual({ available: 998, moreAt: world.clock.time + WEEK_MS });
  });

  it('lets nobody in before the admission, where the clock went back since', async () => {
    await world.join('a');
    await world.admit({ cohortId: 'one', size: 1 });
    const { time } = (await admitted()).metadata;
    world.clock.time -= 3_600_000;
    await world.reactor.processAll();
    expect((await world.log('AccountOnboarded')).map(({ metadata }) => metadata.time)).toEqual([time]);
  });

  it('goes on after a crash at any moment with the people that were chosen', async () => {
    for (let appends = 0; appends < 6; appends++) {
      const names = [1, 2, 3].map((n) => `p${appends}-${n}`);
      await world.join(...names);
      await world.admit({ cohortId: `crash-${appends}`, size: 3 });
      await killed(dyingAfter(world.store, appends));
      await world.reaction().react(await admitted());
      expect((await letIn(world)).filter((one) => one.endsWith(`crash-${appends}`))).toEqual(
        names.map((name) => `${name} in crash-${appends}`),
      );
    }
    expectOnboardingInvariants(await world.log());
  });

  it('takes a cohort of more than a thousand in parts, each let in before the next is chosen', async () => {
    await world.setRate(5_000);
    await Promise.all(Array.from({ length: 1_003 }, (_, n) => world.join(`many-${n}`)));
    await world.admit({ cohortId: 'many', size: 1_002 });
    await world.reactor.processAll();
    const parts = (await dataOf('CohortOnboarded')).map(({ part, accounts }) => [part, accounts.length]);
    expect(parts).toEqual([
      [0, 1_000],
      [1, 2],
    ]);
    expectOnboardingInvariants(await world.log());
  });

  it('closes cohorts of an early log, by when their people came in', async () => {
    const at = toIso(world.clock.time - 5 * DAY_MS);
    const metadata = (subject: string) => ({
      source: '/gatehouse',
      subject,
      time: at,
      schemaversion: 1,
      correlationid: 'early',
      actor: { kind: 'process' as const, id: 'onboarding' },
    });
    const append = (stream: string, type: string, data: object) =>
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
    expect(await letIn(world)).toEqual(['a in early']);
    expect(await available()).toEqual({ available: 999, moreAt: world.clock.time + 2 * DAY_MS });
  });
});

type Step =
  | { kind: 'join' | 'leave' | 'deactivate' | 'reinstate'; who: number }
  | { kind: 'rate'; perWeek: number }
  | { kind: 'admit'; cohort: number; size: number }
  | { kind: 'list'; cohort: number; who: number[] }
  | { kind: 'pass'; ms: number }
  | { kind: 'react'; appends: number };

const PEOPLE = 9;
const who = fc.nat(PEOPLE);
const cohort = fc.nat(9);
const HOUR_MS = 3_600_000;
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('join' as const), who }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('leave', 'deactivate', 'reinstate'), who }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('rate' as const), perWeek: fc.nat(5) }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('admit' as const), cohort, size: fc.integer({ min: 1, max: 4 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('list' as const),
        cohort,
        who: fc.uniqueArray(who, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.constantFrom(-HOUR_MS, HOUR_MS, DAY_MS, 3 * DAY_MS, WEEK_MS),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('react' as const), appends: fc.nat(8) }) },
  ),
  { minLength: 15, maxLength: 40, size: 'max' },
);

/** Refusals are part of the game. */
async function attempt(world: OnboardingWorld, step: Step): Promise<void> {
  try {
    if (step.kind === 'join') await world.joinAs(step.who % 2, `p${step.who}`);
    if (step.kind === 'leave') await world.leave(`p${step.who}`);
    if (step.kind === 'deactivate') await world.deactivate(`p${step.who}`);
    if (step.kind === 'reinstate') await world.reinstate(`p${step.who}`);
    if (step.kind === 'rate') await world.setRate(step.perWeek);
    if (step.kind === 'admit') await world.admit({ cohortId: `c${step.cohort}`, size: step.size });
    if (step.kind === 'list')
      await world.admit({ cohortId: `c${step.cohort}`, accounts: step.who.map((one) => `p${one}`) });
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
  }
  if (step.kind === 'pass') world.clock.time += step.ms;
  if (step.kind === 'react') await reactAndDie(world, step.appends);
}

/** From the first admission on, as a reactor without a checkpoint would. */
async function reactAndDie(world: OnboardingWorld, appends: number): Promise<void> {
  const reaction = world.reaction(dyingAfter(world.store, appends));
  try {
    for (const event of await world.log('CohortAdmitted')) await reaction.react(event);
  } catch (error) {
    if ((error as Error).message !== 'killed') throw error;
  }
}

it('keeps to the rate and to the order of the waitlist and lets nobody in twice, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const world = await onboardingWorld();
      try {
        await world.setRate(3);
        for (const step of sequence) await attempt(world, step as Step);
        await reactAndDie(world, Number.POSITIVE_INFINITY);
        expectOnboardingInvariants(await world.log());
      } finally {
        await world.close();
      }
    }),
    { numRuns: 15 },
  );
});
