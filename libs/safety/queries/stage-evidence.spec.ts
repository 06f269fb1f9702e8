import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { accountStandingView } from '../../account/index.js';
import { closedPrefix, type ExposureState, maturedPrefix } from '../../gate/matured-prefix.js';
import { DAY_MS, toIso } from '../../kernel/clock.js';
import { inTransaction } from '../../platform/database/in-transaction.js';
import { promote, startBuild } from '../../projections/builds.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';
import { safetyImagesView } from '../views/safety-images.js';
import { StageEvidence } from './stage-evidence.js';

const NOW = Date.parse('2022-06-18T09:00:00Z');
const SINCE = 100;
const period = { since: SINCE, now: NOW, labelDelayMs: 9 * DAY_MS, accountWindowMs: 14 * DAY_MS };
const [IMAGES, ACCOUNTS, CASES] = [safetyImagesView, accountStandingView, casesView].map((view) =>
  viewTable(view as typeof casesView),
);

let database: TestDatabase;
let pool: pg.Pool;
let evidence: StageEvidence;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
  for (const view of [safetyImagesView, accountStandingView, casesView]) {
    const build = await startBuild(pool, view as typeof casesView);
    await inTransaction(pool, async (client) => {
      await build.tables.complete(client);
      await promote(client, build);
    });
  }
  evidence = new StageEvidence(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query(`TRUNCATE ${IMAGES}, ${ACCOUNTS}, ${CASES}`));

interface Image {
  imageId: string;
  accountId?: string;
  /** Null: never exposed. */
  position: number | null;
  storedAt?: number;
  isFlagged?: boolean;
  status?: string;
}

async function images(...all: Image[]) {
  const rows = all.map(
    ({ imageId, accountId = null, position, storedAt = NOW, isFlagged = false, status = 'none' }) => ({
      ...{ image_id: imageId, account_id: accountId, exposed_position: position, case_status: status },
      exposed_stored_at: position === null ? null : toIso(storedAt),
      flagged_at: isFlagged ? toIso(NOW) : null,
    }),
  );
  await pool.query(
    `INSERT INTO ${IMAGES} (image_id, account_id, photorealistic_faces, exposed_position, exposed_stored_at, flagged_at,
       flag_count, flags, categories, case_status, case_round, detected)
     SELECT image_id, account_id, false, exposed_position, exposed_stored_at, flagged_at, 0, '[]', '[]', case_status, 0, false
     FROM jsonb_to_recordset($1) AS t(image_id text, account_id text, exposed_position int8,
       exposed_stored_at timestamptz, flagged_at timestamptz, case_status text)`,
    [JSON.stringify(rows)],
  );
}

interface Account {
  accountId: string;
  cohortId?: string;
  position: number;
  onboardedAt: number;
  isDeactivated?: boolean;
}

async function accounts(...all: Account[]) {
  const rows = all.map(({ accountId, cohortId = 'c-1', position, onboardedAt, isDeactivated = false }) => ({
    ...{ account_id: accountId, cohort_id: cohortId, onboarded_position: position, deactivated: isDeactivated },
    onboarded_stored_at: toIso(onboardedAt),
  }));
  await pool.query(
    `INSERT INTO ${ACCOUNTS} (account_id, status, deactivated, cohort_id, onboarded_position, onboarded_stored_at, position)
     SELECT account_id, 'onboarded', deactivated, cohort_id, onboarded_position, onboarded_stored_at, onboarded_position
     FROM jsonb_to_recordset($1) AS t(account_id text, deactivated bool, cohort_id text, onboarded_position int8,
       onboarded_stored_at timestamptz)`,
    [JSON.stringify(rows)],
  );
}

const old = NOW - 10 * DAY_MS;

describe('the exposures of a stage', () => {
  it('count once they are old enough, up to the first that is not, and none from before the stage', async () => {
    await images(
      { imageId: 'before', position: SINCE, storedAt: old },
      { imageId: 'unseen', position: null },
      { imageId: 'a', position: 101, storedAt: old },
      { imageId: 'b', position: 102, storedAt: NOW - 9 * DAY_MS },
      { imageId: 'young', position: 103, storedAt: NOW - 9 * DAY_MS + 1 },
      { imageId: 'behind', position: 104, storedAt: old },
    );
    expect((await evidence.read(period)).counts).toEqual({ exposures: 2, pending: 0, confirmed: 0 });
  });

  it('are violations if confirmed or flagged and not decided, and not for what a sample alone has opened', async () => {
    const exposed = (imageId: string, position: number, more: Partial<Image>) => ({
      ...{ imageId, position, storedAt: old },
      ...more,
    });
    await images(
      exposed('a', 101, { isFlagged: true }),
      exposed('b', 102, { isFlagged: true, status: 'open' }),
      exposed('c', 103, { isFlagged: true, status: 'confirmed' }),
      exposed('d', 104, { isFlagged: true, status: 'dismissed' }),
      exposed('e', 105, { isFlagged: true, status: 'model_problem' }),
      exposed('f', 106, { status: 'open' }),
      exposed('g', 107, { status: 'confirmed' }),
    );
    expect((await evidence.read(period)).counts).toEqual({ exposures: 7, pending: 2, confirmed: 2 });
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
        await pool.query(`TRUNCATE ${IMAGES}`);
        const arrived = exposures.map(({ daysAgo, state }) => ({ arrivedAt: NOW - daysAgo * DAY_MS, state }));
        await images(
          ...arrived.map(({ arrivedAt, state }, i) => ({
            ...{ imageId: `i-${i}`, position: SINCE + 1 + i, storedAt: arrivedAt },
            ...{ isFlagged: states[state][0], status: states[state][1] },
          })),
        );
        expect((await evidence.read(period)).counts).toEqual(maturedPrefix(arrived, NOW, period.labelDelayMs));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the accounts of a stage', () => {
  it('have the exposures of their first days, once the window and its labels are complete', async () => {
    const onboardedAt = NOW - 23 * DAY_MS;
    await accounts(
      { accountId: 'before', position: 50, onboardedAt },
      { accountId: 'a', position: 101, onboardedAt },
      { accountId: 'idle', position: 102, onboardedAt },
      { accountId: 'open', position: 103, onboardedAt: onboardedAt + 1 },
      { accountId: 'behind', position: 104, onboardedAt },
    );
    await images(
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
    expect((await evidence.read(period)).accounts).toEqual([
      { exposures: 0, violations: 0, accounts: 1 },
      { exposures: 2, violations: 2, accounts: 1 },
    ]);
  });

  it('are those of the closed prefix, whenever they were onboarded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 15, max: 30 }), { maxLength: 20 }), async (daysAgo) => {
        await pool.query(`TRUNCATE ${ACCOUNTS}`);
        const all = daysAgo.map((days, i) => ({
          ...{ accountId: `a-${i}`, position: SINCE + 1 + i, onboardedAt: NOW - days * DAY_MS },
        }));
        await accounts(...all);
        const closed = closedPrefix(all, NOW, period.accountWindowMs, period.labelDelayMs);
        const found = (await evidence.read(period)).accounts.reduce((sum, { accounts }) => sum + accounts, 0);
        expect(found).toBe(closed.length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the cohorts of a stage', () => {
  it('are those with a confirmed violation, numbered among all that there ever were', async () => {
    await accounts(
      { accountId: 'a', cohortId: 'first', position: 10, onboardedAt: old },
      { accountId: 'b', cohortId: 'second', position: 20, onboardedAt: old },
      { accountId: 'c', cohortId: 'third', position: 30, onboardedAt: old },
      { accountId: 'd', cohortId: 'third', position: 31, onboardedAt: old },
    );
    const exposed = (imageId: string, accountId: string, position: number, status = 'none') => ({
      ...{ imageId, accountId, position, storedAt: old, status },
    });
    await images(
      exposed('1', 'a', 101),
      exposed('2', 'b', 102, 'confirmed'),
      exposed('3', 'c', 103, 'confirmed'),
      exposed('4', 'd', 104),
      { ...exposed('5', 'd', 105), isFlagged: true },
    );
    expect((await evidence.read(period)).cohorts).toEqual([
      { cohortId: 'second', ordinal: 2, exposures: 1, confirmed: 1 },
      { cohortId: 'third', ordinal: 3, exposures: 3, confirmed: 1 },
    ]);
  });
});

describe('the load of reviewers', () => {
  async function cases(...all: { openedDaysAgo: number; decidedDaysAgo?: number; status: string }[]) {
    const rows = all.map(({ openedDaysAgo, decidedDaysAgo, status }, n) => ({
      ...{ id: `case-${n}`, status, opened_at: toIso(NOW - openedDaysAgo * DAY_MS) },
      decided_at: decidedDaysAgo === undefined ? null : toIso(NOW - decidedDaysAgo * DAY_MS),
    }));
    await pool.query(
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
    await accounts(
      { accountId: 'a', position: 10, onboardedAt: old },
      { accountId: 'b', position: 11, onboardedAt: old, isDeactivated: true },
    );
    await cases(
      { openedDaysAgo: 30, decidedDaysAgo: 20, status: 'confirmed' },
      { openedDaysAgo: 20, decidedDaysAgo: 3, status: 'dismissed' },
      { openedDaysAgo: 2, status: 'open' },
      { openedDaysAgo: 1, status: 'claimed' },
    );
    expect(await evidence.load(NOW, 1_000)).toEqual({
      ...{ verdictsPerDay: 1 / 14, casesPerDay: 2 / 14, waiting: 2, people: 1, peopleAfter: 1_001 },
    });
  });

  it('is not known in the first three days, and then that of the days so far', async () => {
    expect(await evidence.load(NOW, 0)).toMatchObject({ verdictsPerDay: null, waiting: 0, people: 0 });
    await cases({ openedDaysAgo: 2.9, decidedDaysAgo: 1, status: 'dismissed' });
    expect((await evidence.load(NOW, 0)).verdictsPerDay).toBeNull();
    expect((await evidence.load(NOW + DAY_MS, 0)).verdictsPerDay).toBeCloseTo(1 / 3.9, 9);
  });
});
