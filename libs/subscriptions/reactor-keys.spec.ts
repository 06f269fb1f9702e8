import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { away, MINUTE_MS, nameOf, ReactorWorld, refused } from '../../test/support/reactor-world.js';
import { until } from '../../test/support/until.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { progressOfAll } from './checkpoints.js';
import type { Consumer } from './consumer.js';
import { parkEvent } from './parked-keys.js';

let world: ReactorWorld;
beforeEach(async () => {
  world = await ReactorWorld.open();
});
afterEach(() => world.close());

describe('the keys of a reactor', () => {
  it('processes other keys while one with many events is slow', async () => {
    const isHot = (event: RecordedEvent) => event.data.key === 'hot';
    let otherIsDone = () => {};
    const other = new Promise<void>((resolve) => {
      otherIsDone = resolve;
    });
    const reactor = world.start({
      ...world.consumer,
      async react(event) {
        if (isHot(event)) await other;
        await world.consumer.react(event);
        if (!isHot(event)) otherIsDone();
      },
    });
    await world.append(...Array<string>(100).fill('hot'), 'cold');
    await reactor.processAll();
    expect(world.done).toEqual(['cold:101', ...Array.from({ length: 100 }, (_, n) => `hot:${n + 1}`)]);
  });

  it('processes other keys across pages while one is stuck, and moves its checkpoint to the oldest unfinished event', async () => {
    const HOT = 2_500;
    const stop = new AbortController();
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    const seen = new Map<string, () => void>();
    const whenDone = (name: string) => new Promise<void>((resolve) => seen.set(name, resolve));
    const reactor = world.start({
      ...world.consumer,
      async react(event) {
        if (event.data.key === 'hot') await opened;
        await world.consumer.react(event);
        seen.get(nameOf(event))?.();
      },
    });
    const progress = async () => (await progressOfAll(world.pool)).get(reactor.name);
    await world.append('first', ...Array<string>(HOT).fill('hot'), 'cold');
    const [cold, last] = [whenDone(`cold:${HOT + 2}`), whenDone(`hot:${HOT + 1}`)];
    const running = reactor.run(stop.signal);
    await cold;
    expect(world.done).toEqual(['first:1', `cold:${HOT + 2}`]);
    await until(async () => (await progress())?.position === 1);
    const workingOn = { position: 2, type: 'Noted', key: 'hot', since: expect.any(String) };
    expect(await progress()).toEqual({ position: 1, finished: 1, isWorking: true, workingOn });
    open();
    await last;
    expect(world.done.slice(2)).toEqual(Array.from({ length: HOT }, (_, n) => `hot:${n + 2}`));
    stop.abort();
    await running;
    expect(await progress()).toEqual({ position: HOT + 2, finished: 0, isWorking: false });
  });

  it('parks an event anew under its own key if an earlier release parked it under another, which others of that wait for', async () => {
    world.obstacle = ({ data }) => {
      if (data.n === 1) throw refused();
    };
    await world.append('a', 'a');
    await world.start().processAll();
    expect(await world.parked()).toEqual(['a@1']);
    const key = (event: RecordedEvent) => (event.data.n === 1 ? '~a' : String(event.data.key));
    const renamed = { ...world.consumer, key, formerKey: world.consumer.key };
    await (await world.restart(renamed)).processAll();
    expect(await world.parked()).toEqual(['~a@1']);
    expect(world.done).toEqual(['a:2']);
    world.obstacle = () => {};
    await (await world.restart(renamed)).processAll();
    expect(await world.parked()).toEqual([]);
    expect(world.done).toEqual(['a:2', 'a:1']);
  });

  it('leaves later events of a new key to wait for the one that an earlier release parked', async () => {
    world.obstacle = ({ data }) => {
      if (data.n === 1) throw refused();
    };
    await world.append('a', 'a', 'a');
    await world.start().processAll();
    expect(await world.parked()).toEqual(['a@1']);
    const key = (event: RecordedEvent) => (event.data.n === 2 ? 'a' : `~${event.data.key}`);
    const renamed = { ...world.consumer, key, formerKey: world.consumer.key };
    await (await world.restart(renamed)).processAll();
    expect([world.done, await world.parked()]).toEqual([['a:2'], ['~a@1']]);
    await world.append('a');
    await (await world.restart(renamed)).processAll();
    expect([world.done, await world.parked()]).toEqual([['a:2'], ['~a@1']]);
    world.obstacle = () => {};
    await (await world.restart(renamed)).processAll();
    expect([world.done, await world.parked()]).toEqual([['a:2', 'a:1', 'a:3', 'a:4'], []]);
  });

  it('leaves new events of a new key to wait while the one parked under the former key meets a transient error', async () => {
    world.obstacle = ({ data }) => {
      if (data.n === 1) throw refused();
    };
    await world.append('a');
    await world.start().processAll();
    world.obstacle = ({ data }) => {
      if (data.n === 1) throw away();
    };
    await world.append('a', 'b');
    const key = (event: RecordedEvent) => `~${event.data.key}`;
    const renamed = { ...world.consumer, key, formerKey: world.consumer.key };
    const [reactor, stop] = [await world.restart(renamed), new AbortController()];
    const running = reactor.run(stop.signal);
    await until(() => world.done.includes('b:3'));
    stop.abort();
    await running;
    expect([world.done, await world.parked()]).toEqual([['b:3'], ['a@1']]);
    world.obstacle = () => {};
    await (await world.restart(renamed)).processAll();
    expect([world.done, await world.parked()]).toEqual([['b:3', 'a:1', 'a:2'], []]);
  });

  it('retries an event of a former key before those of its own key that are parked behind it', async () => {
    world.obstacle = ({ data }) => {
      if (data.n !== 2) throw refused();
    };
    await world.append('a', 'b', 'a');
    await world.start().processAll();
    await parkEvent(world.pool, {
      ...{ consumer: 'reactor:noting', key: '~a', position: 3, eventType: 'Noted', error: 'refused' },
      eventId: '0196e0f0-0000-7000-8000-000000000004',
    });
    const renamed = { ...world.consumer, key: () => '~a', formerKey: world.consumer.key };
    await (await world.restart(renamed)).processAll();
    expect([world.done, await world.parked()]).toEqual([['b:2'], ['~a@1']]);
    world.obstacle = () => {};
    await (await world.restart(renamed)).processAll();
    expect([world.done.slice(1), await world.parked()]).toEqual([['a:1', 'b:2', 'a:3'], []]);
  });

  it('keeps a key parked that is parked while those to be retried are read', async () => {
    let fail = () => {};
    const failing = new Promise<void>((resolve) => (fail = resolve));
    world.obstacle = ({ data }) => {
      if (data.n === 1 || data.n === 2) throw refused();
    };
    const slowly: Consumer = {
      ...world.consumer,
      async react(event) {
        if (event.data.n === 2) await failing;
        await world.consumer.react(event);
      },
    };
    const [reactor, stop] = [world.start(slowly), new AbortController()];
    await world.append('a', 'b');
    const running = reactor.run(stop.signal);
    await until(async () => (await world.parked()).length === 1);
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    let isRead = false;
    const query = world.pool.query.bind(world.pool) as (...given: unknown[]) => Promise<unknown>;
    jest.spyOn(world.pool, 'query').mockImplementation((async (...given: unknown[]) => {
      const answer = await query(...given);
      if (/FROM projections.parked[\s\S]*ORDER BY/.test(String(given[0])) && !isRead) {
        isRead = true;
        await held;
      }
      return answer;
    }) as never);
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + MINUTE_MS);
    await until(() => isRead);
    fail();
    await until(() => world.reported.includes('b:2'));
    goOn();
    await world.append('b', 'c');
    await until(() => world.done.includes('c:4'));
    stop.abort();
    await running;
    expect([world.done, await world.parked()]).toEqual([['c:4'], ['a@1', 'b@2']]);
  });

  it('processes other keys while the retry of a parked one meets a transient error', async () => {
    world.obstacle = ({ data }) => {
      if (data.key === 'a') throw refused();
    };
    await world.append('a', 'a', 'b');
    await world.start().processAll();
    expect(await world.parked()).toEqual(['a@1']);
    world.obstacle = ({ data }) => {
      if (data.key === 'a') throw away();
    };
    await world.append('b', 'a');
    const [reactor, stop] = [await world.restart(), new AbortController()];
    const running = reactor.run(stop.signal);
    await until(() => world.done.length === 2);
    stop.abort();
    await running;
    expect([world.done, await world.parked()]).toEqual([['b:3', 'b:4'], ['a@1']]);
    world.obstacle = () => {};
    await (await world.restart()).processAll();
    expect([world.done.slice(2), await world.parked()]).toEqual([['a:1', 'a:2', 'a:5'], []]);
  });

  it('retries a transient error of one key while it processes the others', async () => {
    const stop = new AbortController();
    let failures = 0;
    world.obstacle = ({ data }) => {
      if (data.key === 'a' && failures++ < 1) throw away();
    };
    await world.append('a', 'b', 'a');
    const reactor = world.start();
    const running = reactor.run(stop.signal);
    await until(() => world.done.length === 3);
    expect(world.done).toEqual(['b:2', 'a:1', 'a:3']);
    stop.abort();
    await running;
  });

  it('says what it retries and works on only while it runs', async () => {
    const stop = new AbortController();
    world.obstacle = ({ data }) => {
      if (data.key === 'a') throw away();
    };
    await world.append('a', 'b');
    const reactor = world.start();
    const progress = async () => (await progressOfAll(world.pool)).get(reactor.name);
    const running = reactor.run(stop.signal);
    await until(async () => (await progress())?.finished === 1);
    const retrying = { position: 1, type: 'Noted', key: 'a', failures: expect.any(Number), since: expect.any(String) };
    expect(await progress()).toEqual({ position: 0, finished: 1, isWorking: false, retrying });
    stop.abort();
    await running;
    await world.pool.query(
      `UPDATE projections.checkpoints SET working = true, working_on = '{}', moved_at = now() - interval '1 minute'`,
    );
    expect(await progress()).toEqual({ position: 0, finished: 1, isWorking: false });
  });

  it.each(['it starts', 'a minute passes'])(
    'shows that it works on a parked key which it retries when %s',
    async (when) => {
      world.obstacle = ({ data }) => {
        if (data.key === 'a') throw refused();
      };
      const slow = new Map<string, Promise<void>>();
      const slowly: Consumer = {
        ...world.consumer,
        async react(event) {
          await slow.get(nameOf(event));
          await world.consumer.react(event);
        },
      };
      let finish = () => {};
      await world.append('a', 'b', 'a');
      let reactor = world.start(slowly);
      const progress = async () => (await progressOfAll(world.pool)).get(reactor.name);
      let stop = new AbortController();
      let running = reactor.run(stop.signal);
      await until(async () => (await progress())?.position === 3);
      expect(await world.parked()).toEqual(['a@1']);

      world.obstacle = () => {};
      slow.set('a:3', new Promise((resolve) => (finish = resolve)));
      if (when === 'it starts') {
        stop.abort();
        await running;
        reactor = await world.restart(slowly);
        stop = new AbortController();
        running = reactor.run(stop.signal);
      } else {
        const now = performance.now.bind(performance);
        jest.spyOn(performance, 'now').mockImplementation(() => now() + MINUTE_MS);
      }
      await until(async () => (await progress())?.workingOn?.position === 3);
      expect(await progress()).toEqual({
        position: 3,
        finished: 0,
        isWorking: true,
        workingOn: { position: 3, type: 'Noted', key: 'a', since: expect.any(String) },
      });
      finish();
      await until(async () => (await world.parked()).length === 0);
      await until(async () => !(await progress())?.isWorking);
      stop.abort();
      await running;
      expect(world.done).toEqual(['b:2', 'a:1', 'a:3']);
    },
  );
});
