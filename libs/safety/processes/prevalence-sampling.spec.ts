import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { recorded } from '../../../test/support/fold-view.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { Transactor } from '../../event-store/transact.js';
import { toIso } from '../../kernel/clock.js';
import type { JsonObject } from '../../kernel/envelope.js';
import { NotCaughtUp } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { concernedAmong } from '../../subscriptions/consumer.js';
import { MAX_PER_MILLION } from '../events.js';
import { placeInMillion } from '../prevalence-sample.js';
import { MAX_WAITING, prevalenceSampling } from './prevalence-sampling.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const clock = { now: () => NOW };
const keyedHash = (text: string) => createHmac('sha256', 'spec').update(text).digest('hex');
const placeOf = (imageId: string) => placeInMillion(keyedHash(`prevalence\n${imageId}`));
const images = Array.from({ length: 2_000 }, (_, n) => `img-${n}`);
/** The first that a tenth of a tenth of all images would have. */
const chosen = images.find((imageId) => placeOf(imageId) < 10_000)!;
const other = images.find((imageId) => placeOf(imageId) > 10_000 && placeOf(imageId) < MAX_PER_MILLION)!;

class World {
  readonly log = memoryLog();
  readonly opened: object[] = [];
  waiting = 0;
  /** How many exposures were looked at one by one. */
  reacted = 0;
  isBehind = false;
  readonly exposed = new Map<string, number>();
  private readonly transactor = new Transactor(this.log.store, timeOrderedIds(clock), clock, eventRules);
  private readonly consumer = prevalenceSampling({
    transactor: this.transactor,
    ownEventIds: new OwnEventIds(Buffer.alloc(32, 1), 0),
    keys: { keyedHash },
    exposedAt: async (imageId, from) => {
      if (this.isBehind) throw new NotCaughtUp('the view', from, 0);
      return this.exposed.get(imageId) ?? null;
    },
    waiting: async () => this.waiting,
    ownerOf: async () => 'ann',
    likeness: async () => ({ categories: ['violent'], confidence: 0.7, queue: 'calm' }),
    open: async (opening) => {
      this.opened.push(opening);
      return { state: {} as never, position: 0 };
    },
  });

  async set(prevalencePerMillion: number): Promise<void> {
    const data = { secondReviewPercent: 0, secondReviewOfDeactivations: false, prevalencePerMillion, reason: 'spec' };
    const event = recorded(1, 'SamplingSet', data, { id: `set-${prevalencePerMillion}-${this.log.events.length}` });
    await this.log.store.append([{ stream: 'review-settings', expected: 'any', events: [event] }]);
  }

  private nth = 0;
  async expose(imageId: string, type = 'ImageDownloaded', data: JsonObject = {}): Promise<void> {
    const event = recorded(++this.nth, type, { imageId, ...data }, { time: toIso(NOW) });
    if (!this.exposed.has(imageId)) this.exposed.set(imageId, NOW);
    for (const one of await concernedAmong(this.consumer, [event])) {
      this.reacted++;
      await this.consumer.react(one);
      await this.consumer.react(one);
    }
  }

  sampled = () => this.log.events.filter(({ type }) => type === 'ImageSampled').map(({ data }) => data);
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe('an image that is first exposed', () => {
  it('is reviewed if its keyed hash is below the setting', async () => {
    await world.set(10_000);
    await world.expose(chosen);
    await world.expose(other);
    expect(world.sampled()).toEqual([{ imageId: chosen, perMillion: 10_000 }]);
    expect(world.reacted).toBe(1);
    expect(world.opened[0]).toEqual({
      ...{ imageId: chosen, accountId: 'ann', origin: 'sample', categories: [] },
      sample: { categories: ['violent'], confidence: 0.7, queue: 'calm' },
      chosenAt: '2022-05-18T09:00:00.000Z',
    });
  });

  it('is chosen by a public share or a download, and no other use', async () => {
    await world.set(10_000);
    await world.expose(chosen, 'ImageShared', { accountId: 'ann', audience: 'link' });
    expect(world.sampled()).toEqual([]);
    await world.expose(chosen, 'ImageShared', { accountId: 'ann' });
    expect(world.sampled()).toHaveLength(1);
  });

  it('is chosen once, by the setting at that time', async () => {
    await world.set(10_000);
    await world.expose(chosen);
    await world.set(MAX_PER_MILLION);
    await world.expose(chosen, 'ImageShared', { accountId: 'ann' });
    expect(world.sampled()).toEqual([{ imageId: chosen, perMillion: 10_000 }]);
  });

  it('is skipped while too many wait, and stays so', async () => {
    await world.set(10_000);
    world.waiting = MAX_WAITING;
    await world.expose(chosen);
    world.waiting = 0;
    await world.expose(chosen, 'ImageShared', { accountId: 'ann' });
    expect(world.sampled()).toEqual([{ imageId: chosen, perMillion: 10_000, isSkipped: true }]);
    expect(world.opened).toEqual([]);
  });

  it('waits for the view that says when it was', async () => {
    await world.set(10_000);
    world.isBehind = true;
    await expect(world.expose(chosen)).rejects.toThrow(NotCaughtUp);
    world.isBehind = false;
    await world.expose(chosen);
    expect(world.sampled()).toHaveLength(1);
  });
});

it('chooses nothing while it is off, or of images that were exposed before', async () => {
  await world.expose(chosen);
  expect(world.reacted).toBe(0);
  await world.set(10_000);
  world.exposed.set(chosen, NOW - 1);
  await world.expose(chosen);
  expect([world.sampled(), world.opened]).toEqual([[], []]);
});

it('chooses as many as the setting says, as the hash of any image has its place among a million', () => {
  const many = Array.from({ length: 40_000 }, (_, n) => placeOf(`image ${n}`)).filter((place) => place < 50_000).length;
  // 2,000 are expected; four standard deviations are 174.
  expect(Math.abs(many - 2_000)).toBeLessThan(174);
});
