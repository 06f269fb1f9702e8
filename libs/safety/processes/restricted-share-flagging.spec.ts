import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventRules } from '../../../test/support/event-rules.js';
import { foldView } from '../../../test/support/fold-view.js';
import { memoryLog } from '../../../test/support/memory-log.js';
import { OwnEventIds } from '../../event-store/event-identity.js';
import { Transactor } from '../../event-store/transact.js';
import { imageReachView, imagesView } from '../../images/index.js';
import { FactLane } from '../../ingest/fact-lane.js';
import { toIso } from '../../kernel/clock.js';
import type { JsonObject, Position } from '../../kernel/envelope.js';
import { NotCaughtUp } from '../../kernel/errors.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { concernedAmong } from '../../subscriptions/consumer.js';
import { RULE_FLAGGER, restrictedShareFlagging } from './restricted-share-flagging.js';

const imageId = 'img-1';
const accountId = 'ann';
const RULE = 'photorealistic-faces';
const FACE = { imageId, accountId, photorealistic: true, faces: true };
const SHARE = { imageId, accountId };
/** The clock moves by so much from one event to the next. */
const STEP_MS = 10;

/** A log in memory, its views at its end, and the consumer, which follows at its own pace. */
class World {
  now = Date.parse('2022-05-18T09:00:00Z');
  readonly log = memoryLog();
  private done = 0;
  private nth = 0;
  /** How often the consumer was called for a single event. */
  reacted = 0;
  /** The views have everything up to here. */
  viewsAt: Position = Number.POSITIVE_INFINITY;
  isParked = false;

  private readonly clock = { now: () => this.now };
  private readonly consumer = restrictedShareFlagging({
    transactor: new Transactor(this.log.store, timeOrderedIds(this.clock), this.clock, eventRules),
    ownEventIds: new OwnEventIds(Buffer.alloc(32, 1), 0),
    clock: this.clock,
    lane: new FactLane(memoryFacts(this.log), 'facts-image-rules'),
    imagesReached: async (position) => void this.viewed(position),
    imageAsOf: async (_, from) => {
      const row = foldView(imagesView, this.viewed(from)).rows[imageId];
      const facts = row && { accountId: row.account_id, photorealistic: row.photorealistic, faces: row.faces };
      return { facts, asOf: from, isParked: this.isParked };
    },
    sharesAsOf: async (_, from) => foldView(imageReachView, this.viewed(from)).rows[imageId]?.shared_at ?? [],
  });

  private viewed(from: Position) {
    if (this.viewsAt < from) throw new NotCaughtUp('the view', from, 0);
    return this.log.events.slice(0, this.viewsAt);
  }

  /** @returns the time of the event */
  async store(stream: string, type: string, data: JsonObject, at?: number): Promise<number> {
    this.now += STEP_MS;
    const time = at ?? this.now;
    const metadata = {
      ...{ source: '/spec', subject: 'image', correlationid: 'spec', schemaversion: 1 },
      time: toIso(time),
      actor: { kind: 'service' as const, id: 'spec' },
    };
    const event = { id: `spec-${++this.nth}`, type, data, metadata };
    await this.log.store.append([{ stream, expected: 'any', events: [event] }]);
    // The time of the store is its own.
    Object.assign(this.log.events.at(-1)!, { recordedAt: toIso(this.now) });
    return time;
  }

  generated = (data: JsonObject = FACE) => this.store('facts-0', 'ImageGenerated', data);
  shared = (at?: number) => this.store('facts-1', 'ImageShared', SHARE, at);
  rule = (isSet: boolean, data: JsonObject = {}) =>
    this.store('rules', isSet ? 'ImageRuleSet' : 'ImageRuleLifted', { rule: RULE, reason: 'spec', ...data });

  /** Processes what waits. @param again how many processed events a restart delivers once more */
  async process(again = 0): Promise<void> {
    const page = this.log.events.slice(Math.max(0, this.done - again));
    const { types } = this.consumer;
    const concerned = await concernedAmong(
      this.consumer,
      page.filter(({ type }) => types.includes(type)),
    );
    for (const event of concerned) {
      this.reacted++;
      await this.consumer.react(event);
    }
    this.done = this.log.events.length;
  }

  flags = () => this.log.events.filter(({ type }) => type === 'ContentFlagged');
}

/** As every store does, it stores an id once. */
const memoryFacts = ({ events, store }: ReturnType<typeof memoryLog>) =>
  Object.assign(Object.create(store) as typeof store, {
    readStreamTail: async (stream: string, count: number) =>
      events.filter((event) => event.stream === stream).slice(-count),
    append: async (writes: Parameters<typeof store.append>[0]) => {
      const known = events.filter(({ id }) => writes.some((write) => write.events.some((event) => event.id === id)));
      if (known.length === 0) return store.append(writes);
      return [{ outcome: 'duplicate-event-id', known: new Map(known.map(({ id, position }) => [id, position])) }];
    },
  });

let world: World;
beforeEach(() => {
  world = new World();
});

describe('a share that a rule forbids', () => {
  it('is flagged once, as by a detector, with the rule as its category', async () => {
    await world.generated();
    await world.shared();
    await world.shared();
    await world.process();
    await world.shared();
    await world.process(9);
    expect(world.flags()).toMatchObject([
      {
        stream: 'facts-image-rules',
        data: { imageId, accountId, flaggedBy: RULE_FLAGGER, flaggerKind: 'detector', categories: [RULE] },
        metadata: { source: '/gatehouse', subject: `image-${imageId}`, schemaversion: 1 },
      },
    ]);
    expect(eventRules.fault('ContentFlagged', world.flags()[0]!.data)).toBeUndefined();
  });

  it('is flagged once the facts of its image come, if they come later', async () => {
    await world.shared();
    await world.process();
    expect(world.flags()).toEqual([]);
    await world.generated();
    await world.process();
    expect(world.flags()).toHaveLength(1);
  });

  it('waits for the views, and for an event of its image that can’t be processed', async () => {
    await world.generated();
    await world.shared();
    world.viewsAt = 1;
    await expect(world.process()).rejects.toThrow(NotCaughtUp);
    world.viewsAt = 2;
    world.isParked = true;
    await expect(world.process()).rejects.toThrow(/fix the cause, and this is retried/);
    expect(world.flags()).toEqual([]);
    world.isParked = false;
    await world.process();
    expect(world.flags()).toHaveLength(1);
  });
});

describe('a share is not flagged', () => {
  it('of an image that lacks one of the two, or of which nobody said enough', async () => {
    for (const facts of [{ photorealistic: true, faces: false }, { photorealistic: true }, {}]) {
      const other = new World();
      await other.generated({ imageId, accountId, ...facts });
      await other.shared();
      await other.process();
      expect([other.flags(), other.reacted]).toEqual([[], 0]);
    }
  });

  it('while the rule is lifted, for everyone or the cohort of the account, whatever it is when that is processed', async () => {
    await world.store(`account-${accountId}`, 'AccountOnboarded', { accountId, cohortId: 'week-20' });
    await world.generated();
    await world.rule(false, { cohortId: 'week-20' });
    await world.shared();
    await world.rule(true, { cohortId: 'week-20' });
    await world.process();
    expect(world.flags()).toEqual([]);
    await world.shared();
    await world.process();
    expect(world.flags()).toHaveLength(1);
  });

  it('later than it was stored', async () => {
    await world.rule(false);
    await world.rule(true, { from: toIso(world.now + 1_000) });
    await world.generated();
    await world.shared(world.now + 2_000);
    await world.process();
    expect(world.flags()).toEqual([]);
  });
});

const step = fc.oneof(
  fc.constant({ kind: 'generated' as const }),
  fc.record({ kind: fc.constant('shared' as const), agoMs: fc.integer({ min: -50, max: 200 }) }),
  fc.record({
    kind: fc.constant('rule' as const),
    isSet: fc.boolean(),
    cohortId: fc.constantFrom(undefined, 'week-20', 'week-21'),
    inMs: fc.constantFrom(undefined, 5, 55),
    forMs: fc.constantFrom(undefined, 33, 333),
  }),
  fc.record({ kind: fc.constant('process' as const), again: fc.nat(9) }),
);

it('is flagged exactly if the rule was in force when it was shared, in whatever order that is stored and processed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, isRestricted) => {
      const one = new World();
      await one.store(`account-${accountId}`, 'AccountOnboarded', { accountId, cohortId: 'week-20' });
      const changes: { cohortId?: string | undefined; isSet: boolean; from: number; until: number }[] = [];
      const shares: number[] = [];
      let isGenerated = false;
      for (const next of steps) {
        if (next.kind === 'process') await one.process(next.again);
        else if (next.kind === 'shared') {
          await one.shared(one.now + STEP_MS - next.agoMs);
          shares.push(Math.min(one.now, one.now - next.agoMs));
        } else if (next.kind === 'generated') {
          if (!isGenerated) await one.generated({ ...FACE, faces: isRestricted });
          isGenerated = true;
        } else {
          const { isSet, cohortId, inMs, forMs } = next;
          const now = one.now + STEP_MS;
          const from = now + (inMs ?? 0);
          const until = forMs === undefined ? Number.POSITIVE_INFINITY : from + forMs;
          await one.rule(isSet, {
            ...(cohortId !== undefined && { cohortId }),
            ...(inMs !== undefined && { from: toIso(from) }),
            ...(forMs !== undefined && { until: toIso(until) }),
          });
          changes.push({ cohortId, isSet, from, until });
        }
      }
      await one.process();
      const lastOf = (cohortId: string | undefined, at: number) =>
        changes.findLast((change) => change.cohortId === cohortId && change.from <= at && at < change.until);
      const inForce = (at: number) => (lastOf('week-20', at) ?? lastOf(undefined, at))?.isSet ?? true;
      const isFlagged = isGenerated && isRestricted && shares.some(inForce);
      expect(one.flags()).toHaveLength(isFlagged ? 1 : 0);
      await one.process(99);
      expect(one.flags()).toHaveLength(isFlagged ? 1 : 0);
    }),
    { seed: 20220518, numRuns: 300 },
  );
});
