import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventRules } from '../../../test/support/event-rules.js';
import { recorded } from '../../../test/support/fold-view.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { Transactor } from '../../event-store/transact.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import type { JsonObject } from '../../kernel/envelope.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { concernedAmong } from '../../subscriptions/consumer.js';
import { recordPolicyUse } from '../policy-use.js';
import { GRACE_MS } from '../views/disregarded-decisions.js';
import { policyUseRecording } from './policy-use-recording.js';

const START = Date.parse('2022-05-18T09:00:00Z');
const GRACE_DAYS = 7;
/** When the first version stops sufficing. */
const END = START + DAY_MS + GRACE_DAYS * DAY_MS;
const LATE = END + GRACE_MS + 1;
const clock = { now: () => START };
const accountId = 'ann';

class World {
  readonly log = memoryLog();
  private readonly consumer = policyUseRecording({
    transactor: new Transactor(this.log.store, timeOrderedIds(clock), clock, eventRules),
    store: this.log.store,
    ownEventIds: new OwnEventIds(Buffer.alloc(32, 1), 0),
  });
  private nth = 0;
  /** How many uses were looked at one by one. */
  reacted = 0;

  async append(stream: string, type: string, data: JsonObject, at = START): Promise<void> {
    const event = recorded(++this.nth, type, data, { id: `given-${this.nth}`, time: toIso(at) });
    await this.log.store.append([{ stream, expected: 'any', events: [event] }]);
  }
  publish = (version: string, at: number, more: JsonObject = {}) =>
    this.append('policy', 'ContentPolicyPublished', { version, ...more }, at);
  ofAccount = (type: string, data: JsonObject = {}) =>
    this.append(`account-${accountId}`, type, { accountId, ...data });

  /** Stores a use, and has it processed twice after what comes before that. */
  async use(at: number, type = 'ImageGenerated', before = async () => {}): Promise<void> {
    const imageId = `img-${++this.nth}`;
    await this.append('facts-0', type, { imageId, accountId }, at);
    const stored = this.log.events.at(-1)!;
    await before();
    for (const event of await concernedAmong(this.consumer, [stored])) {
      this.reacted++;
      await this.consumer.react(event);
      await this.consumer.react(event);
    }
  }
  noted = () => this.log.events.filter(({ type }) => type === 'PolicyDisregarded').map(({ data }) => data);
}

let world: World;
beforeEach(async () => {
  world = new World();
  await world.publish('1', START);
  await world.ofAccount('WaitlistJoined');
  await world.ofAccount('AccountOnboarded', { cohortId: 'c' });
  await world.ofAccount('PolicyAccepted', { version: '1' });
});

describe('a use by an account that has accepted an earlier version of the policy', () => {
  beforeEach(() => world.publish('2', START + DAY_MS, { graceDays: GRACE_DAYS }));

  it('is recorded once for the version in force, more than a minute after the grace period', async () => {
    await world.use(END - 1);
    await world.use(LATE - 1);
    expect(world.noted()).toEqual([]);
    await world.use(LATE, 'ImageShared');
    await world.use(LATE + 1);
    const [data, ...others] = world.noted();
    expect(data).toMatchObject({
      ...{ accountId, inForce: '2', accepted: '1', action: 'share', service: '/spec' },
      ...{ at: toIso(LATE), outdatedSince: toIso(END) },
    });
    expect(others).toEqual([]);
    await world.publish('3', LATE + 2);
    await world.use(LATE + 2 + GRACE_MS + 1);
    expect(world.noted()).toMatchObject([{ inForce: '2' }, { inForce: '3', accepted: '1', outdatedSince: toIso(END) }]);
  });

  it('is recorded as the account was when the use was stored', async () => {
    await world.use(LATE, 'ImageGenerated', () => world.ofAccount('PolicyAccepted', { version: '2' }));
    expect(world.noted()).toMatchObject([{ accepted: '1' }]);
    await world.use(LATE + DAY_MS);
    expect(world.noted()).toHaveLength(1);
  });

  it('is recorded as the policy was when the use was stored', async () => {
    await world.use(LATE, 'ImageGenerated', () => world.publish('3', LATE + 1));
    expect(world.noted()).toMatchObject([{ inForce: '2', outdatedSince: toIso(END) }]);
    await world.use(LATE + 1 + GRACE_MS + 1, 'ImageGenerated', () =>
      world.append('policy', 'ContentPolicyWithdrawn', { version: '3', reason: 'a typing error' }),
    );
    expect(world.noted()).toMatchObject([{ inForce: '2' }, { inForce: '3' }]);
  });

  it('is not recorded once the account has accepted the version in force', async () => {
    await world.ofAccount('PolicyAccepted', { version: '2' });
    await world.use(LATE);
    expect([world.noted(), world.reacted]).toEqual([[], 0]);
  });

  it.each([
    ['AccountDeactivated', { reason: 'operator-decision', categories: [] }],
    ['AccountSuspended', { until: toIso(LATE + DAY_MS), reason: 'strike' }],
    ['AccountRestricted', { action: 'generate', until: toIso(LATE + DAY_MS), reason: 'strike' }],
  ])('is not recorded after an %s, which denies it first', async (type, data) => {
    await world.ofAccount(type, data as JsonObject);
    await world.use(LATE);
    expect(world.noted()).toEqual([]);
  });
});

it('records nothing under the first version, nor of an account that accepted none', async () => {
  await world.use(LATE);
  expect(world.reacted).toBe(0);
  world = new World();
  await world.publish('1', START);
  await world.publish('2', START);
  await world.ofAccount('WaitlistJoined');
  await world.ofAccount('AccountOnboarded', { cohortId: 'c' });
  await world.use(LATE);
  expect(world.noted()).toEqual([]);
});

it('is decided once for each version in force', () => {
  const data = { accountId, inForce: '2', accepted: '1' } as Parameters<typeof recordPolicyUse>[1];
  expect(recordPolicyUse(new Set(), data)).toEqual([{ type: 'PolicyDisregarded', data }]);
  expect(recordPolicyUse(new Set(['1']), data)).toHaveLength(1);
  expect(recordPolicyUse(new Set(['2']), data)).toEqual([]);
});
