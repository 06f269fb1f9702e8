import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CASES,
  type EvidenceViews,
  evidenceViews,
  type Image,
  NOW,
  old,
  period,
  SINCE,
} from '../../../test/support/evidence-views.js';
import { closedPrefix, type ExposureState, maturedPrefix } from '../../gate/matured-prefix.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';

let views: EvidenceViews;
beforeAll(async () => {
  views = await evidenceViews();
});
afterAll(() => views.close());
beforeEach(() => views.empty());

describe('the exposures of a stage', () => {
  it('count once they are old enough, up to the first that is not, and none from before the stage', async () => {
    await views.images(
      { imageId: 'before', position: SINCE, storedAt: old },
      { imageId: 'unseen', position: null },
      { imageId: 'a', position: 101, storedAt: old },
      { imageId: 'b', position: 102, storedAt: NOW - 9 * DAY_MS },
      { imageId: 'young', position: 103, storedAt: NOW - 9 * DAY_MS + 1 },
      { imageId: 'behind', position: 104, storedAt: old },
    );
    expect((await views.read()).counts).toEqual({ exposures: 2, pending: 0, confirmed: 0 });
  });

  it('are violations if confirmed or flagged and not decided, and not for what a sample alone has opened', async () => {
    const exposed = (imageId: string, position: number, more: Partial<Image>) => ({
      ...{ imageId, position, storedAt: old },
      ...more,
    });
    await views.images(
      exposed('a', 101, { isFlagged: true }),
      exposed('b', 102, { isFlagged: true, status: 'open' }),
      exposed('c', 103, { isFlagged: true, status: 'confirmed' }),
      exposed('d', 104, { isFlagged: true, status: 'dismissed' }),
      exposed('e', 105, { isFlagged: true, status: 'model_problem' }),
      exposed('f', 106, { status: 'open' }),
      exposed('g', 107, { status: 'confirmed' }),
    );
    expect((await views.read()).counts).toEqual({ exposures: 7, pending: 2, confirmed: 2 });
  });

  it('are those of the matured prefix, whatever arrived when', async () => {
    const states = {
      'not-flagged': [false, 'none'],
      pending: [true, 'open'],
      confirmed: [true, 'confirmed'],
      dismissed: [true, 'dismissed'],
    } as const;
    const exposure = fc.record({
      daysAgo: fc.integer({ min: 0, max: 20 }),
      state: fc.constantFrom<ExposureState[]>('not-flagged', 'pending', 'confirmed', 'dismissed'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(exposure, { maxLength: 30 }), async (exposures) => {
        await views.empty();
        const arrived = exposures.map(({ daysAgo, state }) => ({ arrivedAt: NOW - daysAgo * DAY_MS, state }));
        await views.images(
          ...arrived.map(({ arrivedAt, state }, i) => ({
            ...{ imageId: `i-${i}`, position: SINCE + 1 + i, storedAt: arrivedAt },
            ...{ isFlagged: states[state][0], status: states[state][1] },
          })),
        );
        expect((await views.read()).counts).toEqual(maturedPrefix(arrived, NOW, period.labelDelayMs));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the accounts of a stage', () => {
  it('have the exposures of their first days, once the window and its labels are complete', async () => {
    const onboardedAt = NOW - 23 * DAY_MS;
    await views.accounts(
      { accountId: 'before', position: 50, onboardedAt },
      { accountId: 'a', position: 101, onboardedAt },
      { accountId: 'idle', position: 102, onboardedAt },
      { accountId: 'open', position: 103, onboardedAt: onboardedAt + 1 },
      { accountId: 'behind', position: 104, onboardedAt },
    );
    await views.images(
      { imageId: '1', accountId: 'a', position: 110, storedAt: onboardedAt + DAY_MS, isFlagged: true },
      {
        imageId: '2',
        accountId: 'a',
        position: 111,
        storedAt: onboardedAt + 14 * DAY_MS - 1,
        isFlagged: true,
        status: 'confirmed',
      },
      { imageId: '3', accountId: 'a', position: 112, storedAt: onboardedAt + 14 * DAY_MS, isFlagged: true },
      { imageId: '4', accountId: 'a', position: null },
      { imageId: '5', accountId: 'before', position: 113, storedAt: onboardedAt + DAY_MS },
      { imageId: '6', accountId: 'open', position: 114, storedAt: onboardedAt + DAY_MS },
    );
    expect((await views.read()).accounts).toEqual([
      { exposures: 0, violations: 0, accounts: 1 },
      { exposures: 2, violations: 2, accounts: 1 },
    ]);
  });

  it('are those of the closed prefix, whenever they were onboarded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 15, max: 30 }), { maxLength: 20 }), async (daysAgo) => {
        await views.empty();
        const all = daysAgo.map((days, i) => ({
          ...{ accountId: `a-${i}`, position: SINCE + 1 + i, onboardedAt: NOW - days * DAY_MS },
        }));
        await views.accounts(...all);
        const closed = closedPrefix(all, NOW, period.accountWindowMs, period.labelDelayMs);
        const found = (await views.read()).accounts.reduce((sum, { accounts }) => sum + accounts, 0);
        expect(found).toBe(closed.length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the cohorts of a stage', () => {
  it('are those with a confirmed violation, numbered among all that there ever were', async () => {
    await views.accounts(
      { accountId: 'a', cohortId: 'first', position: 10, onboardedAt: old },
      { accountId: 'b', cohortId: 'second', position: 20, onboardedAt: old },
      { accountId: 'c', cohortId: 'third', position: 30, onboardedAt: old },
      { accountId: 'd', cohortId: 'third', position: 31, onboardedAt: old },
    );
    const exposed = (imageId: string, accountId: string, position: number, status = 'none') => ({
      ...{ imageId, accountId, position, storedAt: old, status },
    });
    await views.images(
      exposed('1', 'a', 101),
      exposed('2', 'b', 102, 'confirmed'),
      exposed('3', 'c', 103, 'confirmed'),
      exposed('4', 'd', 104),
      { ...exposed('5', 'd', 105), isFlagged: true },
    );
    expect((await views.read()).cohorts).toEqual([
      { cohortId: 'second', ordinal: 2, exposures: 1, confirmed: 1 },
      { cohortId: 'third', ordinal: 3, exposures: 3, confirmed: 1 },
    ]);
  });
});

describe('a cohort that is admitted in slices', () => {
  const person = fc.record({ confirmed: fc.nat(2), clean: fc.nat(3), isOther: fc.boolean() });
  const sliced = [
    { name: 'invited-spring', slice: (n: number) => `invited-spring-${n}` },
    { name: 'open-2022-05-18', slice: (n: number) => `open-2022-05-18T09:${String(n).padStart(2, '0')}:00.000Z` },
    { name: 'slice-2022-05-18', slice: (n: number) => `slice-2022-05-18T${String(n).padStart(2, '0')}:00:00.000Z` },
  ];

  it.each(sliced)('is one cohort however it is sliced: $name', async ({ name, slice }) => {
    const history = fc.record({
      people: fc.array(person, { minLength: 1, maxLength: 8 }),
      slices: fc.array(fc.nat(23), { minLength: 8, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ people, slices }) => {
        const cohortsOf = async (sliceOf: (i: number) => number) => {
          await views.empty();
          await views.accounts(
            ...people.map(({ isOther }, i) => ({
              ...{ accountId: `a-${i}`, cohortId: isOther ? `c-${i}` : slice(sliceOf(i)) },
              ...{ position: SINCE + 1 + i, onboardedAt: old },
            })),
          );
          await views.images(
            ...people.flatMap(({ confirmed, clean }, i) =>
              Array.from({ length: confirmed + clean }, (_, n) => ({
                ...{
                  imageId: `i-${i}-${n}`,
                  accountId: `a-${i}`,
                  position: SINCE + 100 + 20 * i + 2 * n,
                  storedAt: old,
                },
                status: n < confirmed ? 'confirmed' : 'none',
              })),
            ),
          );
          return (await views.read()).cohorts;
        };
        const whole = await cohortsOf(() => 0);
        expect(await cohortsOf((i) => slices[i]!)).toEqual(whole);
        const harmed = people.filter(({ isOther, confirmed }) => !isOther && confirmed > 0);
        expect(whole.some(({ cohortId }) => cohortId === name)).toBe(harmed.length > 0);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the load of reviewers', () => {
  async function cases(...all: { openedDaysAgo: number; decidedDaysAgo?: number; status: string }[]) {
    const rows = all.map(({ openedDaysAgo, decidedDaysAgo, status }, n) => ({
      ...{ id: `case-${n}`, status, opened_at: toIso(NOW - openedDaysAgo * DAY_MS) },
      decided_at: decidedDaysAgo === undefined ? null : toIso(NOW - decidedDaysAgo * DAY_MS),
    }));
    await views.pool.query(
      `INSERT INTO ${CASES} (case_id, image_id, status, round, origin, is_unflagged, panel_size, is_panel_given, verdicts_needed,
         is_held, is_escalated, flags, flags_received, verdicts, reviewers, categories, queue, priority, judged_flaggers, opened_at, due_at,
         flagged_at, decided_at, position)
       SELECT id, id, status, 1, 'flags', false, 1, false, 0, false, false, '[]', 1, '[]', '[]', '[]', 'default', 0, '[]', opened_at,
         opened_at, opened_at, decided_at, 1
       FROM jsonb_to_recordset($1) AS t(id text, status text, opened_at timestamptz, decided_at timestamptz)`,
      [JSON.stringify(rows)],
    );
  }

  it('is that of the last 14 days, with what waits now and the people of a week at the rate', async () => {
    await views.accounts(
      { accountId: 'a', position: 10, onboardedAt: old },
      { accountId: 'b', position: 11, onboardedAt: old, isDeactivated: true },
    );
    await cases(
      { openedDaysAgo: 30, decidedDaysAgo: 20, status: 'confirmed' },
      { openedDaysAgo: 20, decidedDaysAgo: 3, status: 'dismissed' },
      { openedDaysAgo: 2, status: 'open' },
      { openedDaysAgo: 1, status: 'claimed' },
    );
    const { figures } = await views.read();
    expect(figures).toMatchObject({ opened: 2, decided: 1, mostDecidedADay: 1, firstCaseAt: NOW - 30 * DAY_MS });
  });

  it('has the most cases that were decided within one day of the last 14', async () => {
    await cases(
      ...[0.1, 0.5, 0.9, 1.1, 13.5, 13.6, 13.7, 13.8, 14.1].map((decidedDaysAgo) => ({
        ...{ openedDaysAgo: 20, decidedDaysAgo, status: 'dismissed' },
      })),
    );
    expect((await views.read()).figures).toMatchObject({ decided: 8, mostDecidedADay: 4, deactivationSeconds: null });
  });

  it('is none that an operator called so before these ids were reserved', async () => {
    await views.empty();
    const ids = ['open-access-week-1', 'open-access-week-2'];
    await views.accounts(
      ...ids.map((cohortId, i) => ({ accountId: `a-${i}`, cohortId, position: SINCE + 1 + i, onboardedAt: old })),
    );
    await views.images(
      ...ids.map((_, i) => ({
        ...{ imageId: `i-${i}`, accountId: `a-${i}`, position: SINCE + 100 + 2 * i, storedAt: old },
        status: 'confirmed' as const,
      })),
    );
    expect((await views.read()).cohorts.map(({ cohortId }) => cohortId)).toEqual(ids);
  });
});
