import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { away, ReactorWorld, refused } from '../../test/support/reactor-world.js';
import { until } from '../../test/support/until.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { progressOfAll } from './checkpoints.js';
import { type Consumer, concernedAmong } from './consumer.js';
import { jointConsumer } from './joint-consumer.js';

/** More than a chain keeps in memory, and than a page has. */
const HOT = 2_500;

let world: ReactorWorld;
/** Every second event concerns nobody. */
let odd: Consumer;
beforeEach(async () => {
  world = await ReactorWorld.open();
  odd = { ...world.consumer, concerns: ({ data }) => Number(data.n) % 2 === 1 };
});
afterEach(() => world.close());

describe('events that do not concern a consumer', () => {
  it('are passed over and count as finished, also behind an event that takes long', async () => {
    const stop = new AbortController();
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    const reactor = world.start({
      ...odd,
      async react(event) {
        if (event.data.key === 'hot') await opened;
        await world.consumer.react(event);
      },
    });
    const progress = async () => (await progressOfAll(world.pool)).get(reactor.name);
    await world.append('first', ...Array<string>(HOT).fill('hot'), 'even', 'cold');
    const running = reactor.run(stop.signal);
    // Beyond the first that waits, 3: those of 4 to 2,502 with an even number, and the last.
    await until(async () => (await progress())?.finished === HOT / 2 + 1);
    expect(world.done).toEqual(['first:1', `cold:${HOT + 3}`]);
    open();
    await until(async () => (await progress())?.position === HOT + 3);
    expect(await progress()).toEqual({ position: HOT + 3, finished: 0, isWorking: false });
    expect(world.done.slice(2)).toEqual(Array.from({ length: HOT / 2 }, (_, n) => `hot:${2 * n + 3}`));
    stop.abort();
    await running;
  });

  it('may be those that concerned it before', async () => {
    const known = new Set<unknown>();
    const reactor = world.start({
      ...world.consumer,
      concerns: ({ data }) => !known.has(data.key),
      async react(event) {
        await world.consumer.react(event);
        known.add(event.data.key);
      },
    });
    await world.append(...Array<string>(HOT).fill('hot'), 'cold');
    await reactor.processAll();
    await world.append('hot', 'new');
    await reactor.processAll();
    expect(new Set(world.done.map((name) => name.split(':')[0]))).toEqual(new Set(['hot', 'cold', 'new']));
    expect(world.done.length).toBeLessThan(HOT / 2);
    const progress = (await progressOfAll(world.pool)).get(reactor.name);
    expect(progress).toEqual({ position: HOT + 3, finished: 0, isWorking: false });
  });

  it('are passed over in the retry of a parked key', async () => {
    world.obstacle = ({ data }) => {
      if (data.n === 1) throw refused();
    };
    await world.append('a', 'a', 'a');
    await world.start(odd).processAll();
    expect([world.done, await world.parked()]).toEqual([[], ['a@1']]);
    world.obstacle = () => {};
    await (await world.restart(odd)).processAll();
    expect([world.done, await world.parked()]).toEqual([['a:1', 'a:3'], []]);
  });

  it('are found out for a page at once, if the consumer can', async () => {
    const asked: number[] = [];
    const reactor = world.start({
      ...odd,
      async concerning(events) {
        asked.push(events.length);
        return events.filter(({ data }) => Number(data.n) % 3 === 0);
      },
    });
    await world.append(...Array<string>(12).fill('a'));
    await reactor.processAll();
    expect([asked, world.done]).toEqual([[6], ['a:3', 'a:9']]);
    const progress = (await progressOfAll(world.pool)).get(reactor.name);
    expect(progress).toEqual({ position: 12, finished: 0, isWorking: false });
  });

  it('are processed if it can’t be found out, as are events that can’t be read', async () => {
    const reactor = world.start({ ...odd, concerning: () => Promise.reject(away()) });
    await world.append('a', 'a', 'b');
    await reactor.processAll();
    expect(world.done).toEqual(['a:1', 'b:3']);
    const broken = { fault: { field: '/', message: 'is broken' } } as unknown as RecordedEvent;
    const concerned = await concernedAmong({ ...odd, concerning: async () => [] }, [broken]);
    expect([...concerned]).toEqual([broken]);
  });

  it('are passed over by each half of a joint consumer as it does by itself', async () => {
    const other: Consumer = { ...world.consumer, types: ['Other'], concerning: async () => [] };
    const joint = jointConsumer('joint', { ...odd, concerning: async ([first]) => [first!] }, other);
    await world.append('a', 'a', 'a');
    const { events } = await world.store.readAll(0);
    const others = events.map((event) => ({ ...event, type: 'Other' }));
    expect([...(await concernedAmong(joint, [...others, ...events]))]).toEqual([events[0]]);
    await world.start(joint).processAll();
    expect(world.done).toEqual(['a:1']);
  });
});
