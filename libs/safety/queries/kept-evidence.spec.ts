import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type EvidenceViews,
  evidenceViews,
  IMAGES,
  LittleEvidence,
  NOW,
  old,
  period,
  SINCE,
} from '../../../test/support/evidence-views.js';
import { runs } from '../../../test/support/runs.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import { NotCaughtUp } from '../../kernel/errors.js';
import { countedEvidence } from './counted-evidence.js';
import { type EvidencePeriod, type EvidenceReading, rowsOf } from './evidence-sources.js';
import { SUSPECTED } from './kept-evidence.js';

let views: EvidenceViews;
beforeAll(async () => {
  views = await evidenceViews();
});
afterAll(() => views.close());
beforeEach(() => views.empty());

const COHORTS = [
  ...['c-0', 'c-1', 'invited-b-0', 'invited-b-2'],
  ...['slice-2022-05-18T09:00:00.000Z', 'slice-2022-05-18T10:00:00.000Z'],
];

/** Reads until nothing is left to count. */
async function readInParts(of: EvidencePeriod, stages: readonly number[]): Promise<EvidenceReading> {
  const evidence = new LittleEvidence(views.pool);
  for (;;) {
    try {
      return (await evidence.read(of, stages, Number.MAX_SAFE_INTEGER))!;
    } catch (error) {
      if (!(error instanceof NotCaughtUp)) throw error;
    }
  }
}

describe('the evidence that is kept', () => {
  const states = [
    [false, 'none'],
    [true, 'none'],
    [true, 'open'],
    [true, 'confirmed'],
    [true, 'dismissed'],
    [false, 'confirmed'],
  ] as const;
  const account = fc.record({ cohort: fc.nat(COHORTS.length - 1), daysAgo: fc.integer({ min: 14, max: 30 }) });
  const image = fc.record({
    ...{
      owner: fc.nat(9),
      daysAgo: fc.integer({ min: 0, max: 30 }),
      state: fc.constantFrom(...states),
      isKnown: fc.boolean(),
    },
  });
  /** What happens between two looks: how far the views come, the clock, and which image is judged otherwise. */
  const step = fc.record({
    ...{ further: fc.nat(30), days: fc.nat(6), again: fc.nat(30) },
    ...{ state: fc.constantFrom(...states), isNewStage: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) },
  });

  it('is what a count of all rows finds, whatever arrives between two looks, and in whatever steps', async () => {
    const history = fc.record({
      accounts: fc.array(account, { maxLength: 8 }),
      images: fc.array(image, { maxLength: 30 }),
      steps: fc.array(step, { minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ accounts: onboarded, images: exposed, steps }) => {
        await views.empty();
        // Accounts and images take turns in the log, from before the stage on.
        await views.accounts(
          ...onboarded.map(({ cohort, daysAgo }, i) => ({
            ...{
              accountId: `a-${i}`,
              cohortId: COHORTS[cohort]!,
              position: 96 + 5 * i,
              onboardedAt: NOW - daysAgo * DAY_MS,
            },
          })),
        );
        await views.images(
          ...exposed.map(({ owner, daysAgo, isKnown, state: [isFlagged, status] }, i) => ({
            ...{ isKnown, imageId: `i-${i}`, accountId: `a-${owner}`, position: 97 + 2 * i, isFlagged, status },
            storedAt: NOW - daysAgo * DAY_MS,
          })),
        );
        let now = NOW;
        let [since, reached] = [SINCE, SINCE];
        const stages = [SINCE];
        for (const { further, days, again, state, isNewStage } of steps) {
          if (isNewStage) {
            since = reached;
            stages.push(since);
          }
          reached += further;
          await views.reach(reached);
          now += days * DAY_MS;
          await views.pool.query(`UPDATE ${IMAGES} SET flagged_at = $2, case_status = $3 WHERE image_id = $1`, [
            ...[`i-${again}`, state[0] ? toIso(NOW) : null, state[1]],
          ]);
          const of = { ...period, since, now };
          const { figures, counts, accounts: groups, cohorts, at } = await readInParts(of, stages);
          const all = await countedEvidence(rowsOf(views.pool), { ...of, now: at }, reached);
          expect({ counts, accounts: groups, cohorts, arrived: figures.arrived }).toEqual(all);
        }
        await views.reach(1_000_000);
      }),
      { numRuns: runs(30, 100) },
    );
  });

  it('is complete or not given: what is left, the next reading counts', async () => {
    await views.images(
      ...Array.from({ length: 8 }, (_, i) => ({ imageId: `i-${i}`, position: 101 + i, storedAt: old })),
    );
    const evidence = new LittleEvidence(views.pool);
    const read = () => evidence.read(period, [SINCE], Number.MAX_SAFE_INTEGER);
    await expect(read()).rejects.toThrow(/the evidence of the gate, counted up to position 103, has not reached/);
    await expect(read()).rejects.toThrow(/counted up to position 106,/);
    expect((await read())!.counts.exposures).toBe(8);
    expect(await views.read()).toEqual(expect.objectContaining({ counts: (await read())!.counts }));
  });

  it('is not counted again for a reader that knows only a former stage', async () => {
    await views.images({ imageId: 'a', position: 101, storedAt: old }, { imageId: 'b', position: 103, storedAt: old });
    const later = { ...period, since: 102 };
    expect((await views.read(later, [SINCE, 102])).counts.exposures).toBe(1);
    expect(await views.read()).toBeUndefined();
    expect((await views.read(later, [SINCE, 102])).counts.exposures).toBe(1);
  });

  it('counts each exposure once if two processes look at the same time', async () => {
    await views.accounts({ accountId: 'a', position: 101, onboardedAt: NOW - 30 * DAY_MS });
    await views.images(
      ...Array.from({ length: 50 }, (_, i) => ({
        imageId: `i-${i}`,
        accountId: 'a',
        position: 102 + i,
        storedAt: old,
      })),
    );
    const readings = await Promise.all([views.read(), views.read(), views.read()]);
    for (const { counts } of readings) expect(counts).toEqual({ exposures: 50, pending: 0, confirmed: 0 });
  });

  it('is not of an earlier time than what is counted if clocks differ by a little', async () => {
    await views.images({ imageId: 'i', position: 101, storedAt: old });
    expect((await views.read()).counts.exposures).toBe(1);
    const early = await views.read({ ...period, now: NOW - 300_000 });
    expect([early.at, early.counts.exposures]).toEqual([NOW, 1]);
  });

  it('is counted anew if a clock was far ahead, which made exposures and accounts count too early', async () => {
    await views.accounts({ accountId: 'a', cohortId: 'c', position: 101, onboardedAt: NOW - DAY_MS });
    await views.images({ imageId: 'i', accountId: 'a', position: 102, storedAt: NOW - DAY_MS });
    const ahead = await views.read({ ...period, now: NOW + 365 * DAY_MS });
    expect([ahead.counts.exposures, ahead.accounts]).toEqual([1, [{ exposures: 1, violations: 0, accounts: 1 }]]);
    const right = await views.read();
    expect([right.at, right.counts.exposures, right.accounts, right.figures.arrived]).toEqual([NOW, 0, [], 1]);
    expect((await views.read({ ...period, now: NOW + 365 * DAY_MS })).counts).toEqual(ahead.counts);
  });

  it('is counted anew in views that were built anew', async () => {
    await views.accounts({ accountId: 'a', position: 101, onboardedAt: NOW - 30 * DAY_MS });
    await views.images({ imageId: 'i', accountId: 'a', position: 102, storedAt: old });
    expect((await views.read()).counts.exposures).toBe(1);
    await views.build();
    await views.reach(1_000_000);
    expect(await views.read()).toMatchObject({ counts: { exposures: 0 }, accounts: [], figures: { arrived: 0 } });
  });

  it('reads rows by the number of suspects, accounts and cohorts, not by the number of images', async () => {
    const rowsRead = async () => {
      const { rows } = await views.pool.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${SUSPECTED}`, [
        ...[SINCE, 1_000_000, 1_000_000, 1],
      ]);
      const nodes: { 'Actual Rows'?: number; 'Rows Removed by Filter'?: number; Plans?: unknown[] }[] = [];
      const walk = (node: (typeof nodes)[number]) => {
        nodes.push(node);
        for (const plan of node.Plans ?? []) walk(plan as (typeof nodes)[number]);
      };
      walk(rows[0]['QUERY PLAN'][0].Plan);
      return nodes.reduce((sum, node) => sum + (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0), 0);
    };
    const many = (from: number, count: number) =>
      views.images(
        ...Array.from({ length: count }, (_, i) => ({ imageId: `i-${from + i}`, position: from + i, storedAt: old })),
        { imageId: `s-${from}`, position: from + count, storedAt: old, isFlagged: true },
      );
    await many(101, 100);
    await views.pool.query(`ANALYZE ${IMAGES}`);
    await views.read();
    await many(10_000, 5_000);
    await views.pool.query(`ANALYZE ${IMAGES}`);
    expect((await views.read()).counts).toEqual({ exposures: 5_102, pending: 2, confirmed: 0 });
    expect(await rowsRead()).toBeLessThan(50);
  });
});
