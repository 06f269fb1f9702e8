import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { away, nameOf, ReactorWorld, refused } from '../../test/support/reactor-world.js';
import { StoreUnavailable, Unavailable } from '../kernel/errors.js';
import { takeOver } from './checkpoints.js';

let world: ReactorWorld;
beforeEach(async () => {
  world = await ReactorWorld.open();
});
afterEach(() => world.close());

describe('a reactor', () => {
  it('parks the key of a failing event, processes the others, and retries the key in order a minute later', async () => {
    const reactor = world.start();
    world.obstacle = ({ data }) => {
      if (data.key === 'a') throw refused();
    };
    await world.append('a', 'b', 'a');
    await reactor.processAll();
    await world.append('a', 'b');
    await reactor.processAll();
    expect([world.done, await world.parked(), world.reported]).toEqual([['b:2', 'b:5'], ['a@1'], ['a:1']]);

    world.obstacle = () => {};
    world.minutePasses();
    await reactor.processAll();
    expect([world.done.slice(2), await world.parked()]).toEqual([['a:1', 'a:3', 'a:4'], []]);
    await world.append('a');
    await reactor.processAll();
    expect(world.done.at(-1)).toBe('a:6');
  });

  it('moves a parked key to the next event that fails', async () => {
    world.obstacle = ({ data }) => {
      if (data.key === 'a') throw refused();
    };
    await world.append('a', 'a', 'a');
    await world.start().processAll();
    world.obstacle = ({ data }) => {
      if (data.n === 2) throw refused();
    };
    const next = await world.restart();
    await next.processAll();
    expect([world.done, await world.parked()]).toEqual([['a:1'], ['a@2']]);
  });

  it('keeps a key parked if the store fails or the process dies during its retry', async () => {
    world.obstacle = () => {
      throw refused();
    };
    await world.append('a', 'a');
    await world.start().processAll();
    world.obstacle = ({ data }) => {
      if (data.n === 2) throw away();
    };
    await expect((await world.restart()).processAll()).rejects.toThrow('the store is unreachable');
    expect([world.done, await world.parked()]).toEqual([['a:1'], ['a@1']]);
    world.obstacle = () => {};
    await (await world.restart()).processAll();
    expect([world.done, await world.parked()]).toEqual([['a:1', 'a:1', 'a:2'], []]);
  });

  it.each([
    ['the store is unreachable', away()],
    ['too many concurrent decisions', new Unavailable('too-busy', 'changed 50 times')],
    ['a deadlock was resolved', Object.assign(new Error('deadlock detected'), { code: '40P01' })],
    ['two transactions conflict', Object.assign(new Error('could not serialize access'), { code: '40001' })],
    ['a statement took too long', Object.assign(new Error('canceling statement'), { code: '57014' })],
    ['the database fails over', Object.assign(new Error('read-only transaction'), { code: '25006' })],
  ])('retries a transient error and parks nothing: %s', async (_, error) => {
    world.obstacle = () => {
      throw error;
    };
    await world.append('a');
    const reactor = world.start();
    for (let n = 0; n < 4; n++) await expect(reactor.processAll()).rejects.toBe(error);
    world.obstacle = () => {};
    await reactor.processAll();
    expect([world.done, await world.parked(), world.reported]).toEqual([['a:1'], [], []]);
  });

  it('can’t unpark a key once another process has taken over', async () => {
    world.obstacle = () => {
      throw refused();
    };
    await world.append('a');
    const reactor = world.start();
    await reactor.processAll();
    world.obstacle = () => {};
    await takeOver(world.pool, reactor.name, [0]);
    world.minutePasses();
    await expect(reactor.processAll()).rejects.toThrow('taken over by another process');
    expect(await world.parked()).toEqual(['a@1']);
  });

  it('processes the events of each key in order, whatever fails and whenever its process dies', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('append' as const),
        keys: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }),
      }),
      // Outcomes of the consumer's next calls.
      fc.record({
        kind: fc.constant('work' as const),
        outcomes: fc.array(fc.constantFrom('well', 'refused', 'away'), { maxLength: 8 }),
      }),
      fc.record({ kind: fc.constantFrom('die' as const, 'wait' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
        const [before, first] = [await world.store.head(), world.appended];
        let reactor = await world.restart();
        world.done = [];
        for (const one of steps) {
          if (one.kind === 'append' && one.keys.length > 0) await world.append(...one.keys);
          if (one.kind === 'die') reactor = await world.restart();
          if (one.kind === 'wait') world.minutePasses();
          if (one.kind !== 'work') continue;
          const outcomes = [...one.outcomes];
          world.obstacle = () => {
            const outcome = outcomes.shift();
            if (outcome === 'refused') throw refused();
            if (outcome === 'away') throw away();
          };
          await reactor.processAll().catch((error) => expect(error).toBeInstanceOf(StoreUnavailable));
        }
        world.obstacle = () => {};
        jest.restoreAllMocks();
        await (await world.restart()).processAll();
        expect(await world.parked()).toEqual([]);
        const expected = (await world.store.readAll(before)).events.map(nameOf);
        const firstTimes = [...new Set(world.done)];
        for (const key of ['a', 'b', 'c']) {
          const ofKey = (names: string[]) => names.filter((name) => name.startsWith(key));
          expect(ofKey(firstTimes)).toEqual(ofKey(expected));
        }
        expect(world.appended - first).toBe(expected.length);
      }),
      { numRuns: 12 },
    );
  });
});
