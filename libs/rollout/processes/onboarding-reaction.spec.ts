import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type OnboardingWorld, onboardingWorld } from '../../../test/support/onboarding-world.js';
import type { EventStore } from '../../event-store/event-store.js';
import { DAY_MS, WEEK_MS } from '../../kernel/clock.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import { type NextInLine, onboardingReaction } from './onboarding-reaction.js';

const letIn = async (world: OnboardingWorld) =>
  (await world.log('AccountOnboarded')).map(({ data }) => `${data.accountId} in ${data.cohortId}`).sort();

/** Dies when it has appended so often, like a process that is killed. */
function dyingAfter(store: EventStore, appends: number): EventStore {
  let left = appends;
  const dying = Object.create(store) as EventStore;
  dying.append = async (writes) => {
    if (left-- === 0) throw new Error('killed');
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
  const react = (event: RecordedEvent, { next = world.next, store = world.store as EventStore } = {}) =>
    onboardingReaction(world.transactorOn(store), next).react(event);

  it('lets in the first that wait, in the order they came', async () => {
    await world.join('c', 'a', 'b', 'd');
    await world.leave('a');
    await world.admit({ cohortId: 'one', size: 2 });
    await world.reactor.processAll();
    expect((await world.log('CohortOnboarded')).map(({ data }) => data)).toEqual([
      { cohortId: 'one', accounts: ['c', 'b'], perWeek: 1_000, part: 0 },
    ]);
    expect(await letIn(world)).toEqual(['b in one', 'c in one']);
  });

  it('takes the next in line for each cohort that was admitted before the first was filled', async () => {
    await world.join('a', 'b', 'c');
    for (const cohortId of ['one', 'two', 'three']) await world.admit({ cohortId, size: 2 });
    await world.reactor.processAll();
    expect(await letIn(world)).toEqual(['a in one', 'b in one', 'c in two']);
  });

  it('lets exactly the listed accounts in, but for those that do not wait', async () => {
    await world.join('a', 'b', 'c');
    await world.admit({ cohortId: 'friends', accounts: ['c', 'stranger', 'b'] });
    await world.reactor.processAll();
    expect(await letIn(world)).toEqual(['b in friends', 'c in friends']);
  });

  it('leaves out who left after the cohort was filled, and lets the others in', async () => {
    await world.join('a', 'b', 'c');
    await world.admit({ cohortId: 'one', size: 3 });
    const next: NextInLine = async (...asked) => {
      const chosen = await world.next(...asked);
      await world.leave('b');
      return chosen;
    };
    await react(await admitted(), { next });
    expect(await letIn(world)).toEqual(['a in one', 'c in one']);
  });

  it('changes nothing when the admission is given again, also after more people have come', async () => {
    await world.join('a');
    await world.admit({ cohortId: 'one', size: 5 });
    await world.reactor.processAll();
    const head = await world.store.head();
    await world.join('b');
    await react(await admitted());
    expect(await letIn(world)).toEqual(['a in one']);
    expect(await world.store.head()).toBe(head + 1);
  });

  it('goes on after a crash at any moment with the people that were chosen', async () => {
    for (let appends = 0; appends < 4; appends++) {
      const names = [1, 2, 3].map((n) => `p${appends}-${n}`);
      await world.join(...names);
      await world.admit({ cohortId: `crash-${appends}`, size: 3 });
      await expect(react(await admitted(), { store: dyingAfter(world.store, appends) })).rejects.toThrow('killed');
      await react(await admitted());
      expect((await letIn(world)).filter((one) => one.endsWith(`crash-${appends}`))).toEqual(
        names.map((name) => `${name} in crash-${appends}`),
      );
    }
  });

  it('writes a cohort of more than a thousand in parts', async () => {
    await world.setRate(5_000);
    const accounts = Array.from({ length: 1_001 }, (_, n) => `many-${n}`);
    await world.admit({ cohortId: 'many', size: 1_001 });
    await react(await admitted(), { next: async () => accounts });
    const parts = (await world.log('CohortOnboarded')).map(({ data }) => [data.part, data.accounts.length]);
    expect(parts).toEqual([
      [0, 1_000],
      [1, 1],
    ]);
  });
});

type Step =
  | { kind: 'join' | 'leave'; who: number }
  | { kind: 'rate'; perWeek: number }
  | { kind: 'admit'; cohort: number; size: number }
  | { kind: 'pass'; days: number }
  | { kind: 'react'; appends: number };

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('join' as const), who: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('rate' as const), perWeek: fc.nat(5) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('admit' as const),
        cohort: fc.nat(9),
        size: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), days: fc.integer({ min: -1, max: 4 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('react' as const), appends: fc.nat(6) }) },
  ),
  { minLength: 10, maxLength: 40 },
);

/** Refusals are part of the game. */
async function attempt(world: OnboardingWorld, step: Step): Promise<void> {
  try {
    if (step.kind === 'join') await world.join(`p${step.who}`);
    if (step.kind === 'leave') await world.leave(`p${step.who}`);
    if (step.kind === 'rate') await world.setRate(step.perWeek);
    if (step.kind === 'admit') await world.admit({ cohortId: `c${step.cohort}`, size: step.size });
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
  }
  if (step.kind === 'pass') world.clock.time += step.days * DAY_MS;
  if (step.kind === 'react') await reactAndDie(world, step.appends);
}

/** From the first admission on, as a reactor without a checkpoint would. */
async function reactAndDie(world: OnboardingWorld, appends: number): Promise<void> {
  const reaction = onboardingReaction(world.transactorOn(dyingAfter(world.store, appends)), world.next);
  try {
    for (const event of await world.log('CohortAdmitted')) await reaction.react(event);
  } catch (error) {
    if ((error as Error).message !== 'killed') throw error;
  }
}

it('onboards nobody twice and in no seven days more than the rate in force, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const world = await onboardingWorld();
      try {
        await world.setRate(3);
        for (const step of sequence) await attempt(world, step);
        await reactAndDie(world, Number.POSITIVE_INFINITY);

        const onboarded = await world.log('AccountOnboarded');
        expect(new Set(onboarded.map(({ data }) => data.accountId)).size).toBe(onboarded.length);

        const admissions = (await world.log('CohortAdmitted')).map(({ data }) => ({
          at: Date.parse(data.at),
          perWeek: data.perWeek,
          size: data.size,
          people: onboarded.filter((one) => one.data.cohortId === data.cohortId).length,
        }));
        for (const [n, { at, perWeek, size, people }] of admissions.entries()) {
          const lastSevenDays = admissions.slice(0, n + 1).filter((one) => one.at > at - WEEK_MS);
          expect(people).toBeLessThanOrEqual(size);
          expect(lastSevenDays.reduce((sum, one) => sum + one.people, 0)).toBeLessThanOrEqual(perWeek);
        }
      } finally {
        await world.close();
      }
    }),
    { numRuns: 10 },
  );
});
