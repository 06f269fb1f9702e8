import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { agePoints, dueAt } from './place-in-queue.js';

const SEED = 20220518;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2022, 4, 18);

interface Waiting {
  openedAt: number;
  priority: number;
  patience: number;
}

const patience = fc.constantFrom(1, 24, 37, 720);
/** Many of them within the same points, so that the tie is common. */
const waiting = (patience: number) =>
  fc.record({
    openedAt: fc.integer({ min: 0, max: patience * 36_000 * 40 }).map((ms) => START + ms),
    priority: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 40, max: 45 })),
    patience: fc.constant(patience),
  });
const due = ({ openedAt, priority, patience }: Waiting) => dueAt(openedAt, priority, patience);
const shown = (one: Waiting, now: number) => one.priority + agePoints(one.openedAt, one.priority, one.patience, now);

describe('the points of a case that has waited', () => {
  it('grow by one each hundredth of the patience, until the case has 100 in all', () => {
    const after = (hours: number, priority = 40) => agePoints(START, priority, 24, START + hours * HOUR_MS);
    expect([0, 0.24, 6, 14.4, 24, 240].map((hours) => after(hours))).toEqual([0, 1, 25, 60, 60, 60]);
    expect(after(24, 100)).toBe(0);
    expect(after(-1)).toBe(0);
  });
});

describe('the order of a queue', () => {
  it('is by the priority with its age, then by age, at any time; of those with 100 first which has it longest', () => {
    fc.assert(
      fc.property(
        patience.chain((hours) => fc.tuple(fc.array(waiting(hours), { minLength: 2, maxLength: 30 }), fc.nat(200))),
        ([all, points]) => {
          const latest = Math.max(...all.map(({ openedAt }) => openedAt));
          const now = latest + points * all[0]!.patience * 36_000;
          const queue = [...all].sort((a, b) => due(a) - due(b));
          for (const [place, one] of queue.entries()) {
            const next = queue[place + 1];
            if (!next) return;
            expect(shown(one, now)).toBeGreaterThanOrEqual(shown(next, now));
            // Less than what a due time can tell apart is one age.
            const resolution = 101;
            if (shown(one, now) === shown(next, now) && shown(one, now) < 100)
              expect(one.openedAt).toBeLessThan(next.openedAt + resolution);
          }
        },
      ),
      { numRuns: 500, seed: SEED },
    );
  });

  it('has no case with 100 behind one without, and none without before it is due', () => {
    fc.assert(
      fc.property(patience.chain(waiting), fc.integer({ min: 0, max: 720 * HOUR_MS }), (one, waited) => {
        const now = one.openedAt + waited;
        if (now >= due(one)) expect(shown(one, now)).toBe(100);
        expect(due(one) - one.openedAt).toBeGreaterThanOrEqual(0);
        expect(due(one) - one.openedAt).toBeLessThanOrEqual(one.patience * HOUR_MS);
      }),
      { numRuns: 500, seed: SEED },
    );
  });

  it('puts the more urgent of one age first, and the older of one priority', () => {
    fc.assert(
      fc.property(
        patience.chain((hours) => fc.tuple(waiting(hours), waiting(hours))),
        ([a, b]) => {
          const urgent = { ...a, priority: b.priority };
          if (a.priority > b.priority) expect(due(a)).toBeLessThan(due({ ...b, openedAt: a.openedAt }));
          if (urgent.openedAt < b.openedAt) expect(due(urgent)).toBeLessThanOrEqual(due(b));
        },
      ),
      { numRuns: 500, seed: SEED },
    );
  });

  it('lets no case starve: whatever arrives, only cases that were opened before it was due go ahead of it', () => {
    fc.assert(
      fc.property(
        patience.chain((hours) => fc.array(waiting(hours), { minLength: 1, maxLength: 80 })),
        fc.integer({ min: 1, max: 48 }),
        (all, slowness) => {
          const hours = all[0]!.patience;
          const each = (hours * HOUR_MS * slowness) / 288;
          const arrivals = all
            .map((one, id) => ({ ...one, id, due: due(one) }))
            .sort((a, b) => a.openedAt - b.openedAt);
          const queue: typeof arrivals = [];
          const given: typeof arrivals = [];
          // One reviewer, who is always too slow.
          for (let now = arrivals[0]!.openedAt; given.length < arrivals.length; now += each) {
            while (arrivals[given.length + queue.length] && arrivals[given.length + queue.length]!.openedAt <= now)
              queue.push(arrivals[given.length + queue.length]!);
            queue.sort((a, b) => a.due - b.due || a.id - b.id);
            const next = queue.shift();
            if (next) given.push(next);
          }
          for (const [place, one] of given.entries()) {
            const ahead = given.slice(0, place).filter(({ openedAt }) => openedAt > one.openedAt);
            for (const { openedAt } of ahead) {
              expect(openedAt).toBeLessThanOrEqual(one.due);
              expect(openedAt - one.openedAt).toBeLessThanOrEqual(hours * HOUR_MS);
            }
          }
        },
      ),
      { numRuns: 200, seed: SEED },
    );
  });
});
