import pg from 'pg';
import { accountStandingView } from '../../libs/account/index.js';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { viewTable } from '../../libs/projections/view-tables.js';
import { casesView } from '../../libs/review/index.js';
import { EVIDENCE_SOURCES } from '../../libs/safety/index.js';
import { StageEvidence } from '../../libs/safety/queries/stage-evidence.js';
import { safetyImagesView } from '../../libs/safety/views/safety-images.js';
import { buildEmpty } from './empty-views.js';
import { createTestDatabase } from './test-database.js';

export const NOW = Date.parse('2022-06-18T09:00:00Z');
export const SINCE = 100;
export const period = {
  since: SINCE,
  labelsSince: SINCE,
  now: NOW,
  labelDelayMs: 9 * DAY_MS,
  accountWindowMs: 14 * DAY_MS,
};
export const old = NOW - 10 * DAY_MS;
export const [IMAGES, ACCOUNTS, CASES] = [safetyImagesView, accountStandingView, casesView].map((view) =>
  viewTable(view as typeof casesView),
) as [string, string, string];

/** Counts little at a time, and then leaves the rest to the next reading. */
export class LittleEvidence extends StageEvidence {
  protected override readonly limits = { batch: 3, countingMs: 0 };
}

/** The views that the evidence of the gate comes from, with rows that specs write. */
export async function evidenceViews() {
  const database = await createTestDatabase();
  const pool = new pg.Pool(database.connection);
  /** Builds the views anew, without any row. */
  const build = () => buildEmpty(pool, EVIDENCE_SOURCES);
  await build();
  const evidence = new StageEvidence(pool);
  /** As if all views had read the log up to a position. */
  const reach = (position: number) => pool.query('UPDATE projections.checkpoints SET position = $1', [position]);
  await reach(1_000_000);
  return {
    ...{ pool, reach, build },
    read: async (of = period, stages = [of.since]) => (await evidence.read(of, stages, Number.MAX_SAFE_INTEGER))!,
    images: (...all: Image[]) => addImages(pool, all),
    accounts: (...all: Account[]) => addAccounts(pool, all),
    async empty() {
      await pool.query(`TRUNCATE ${IMAGES}, ${ACCOUNTS}, ${CASES}`);
      await pool.query('DELETE FROM gate.evidence');
    },
    async close() {
      await pool.end();
      await database.drop();
    },
  };
}

export type EvidenceViews = Awaited<ReturnType<typeof evidenceViews>>;

export interface Image {
  imageId: string;
  accountId?: string;
  /** Null: never exposed. */
  position: number | null;
  storedAt?: number;
  isFlagged?: boolean;
  /** When its first label was stored. */
  labelledAt?: number;
  /** When the last later round of its case was opened. */
  roundAt?: number;
  status?: string;
  /** Whether it was known whose it is when it was exposed. */
  isKnown?: boolean;
}

async function addImages(pool: pg.Pool, all: readonly Image[]) {
  const rows = all.map(
    ({
      imageId,
      accountId = null,
      position,
      storedAt = NOW,
      isFlagged = false,
      labelledAt = storedAt,
      roundAt,
      status = 'none',
      isKnown = true,
    }) => ({
      ...{ image_id: imageId, account_id: accountId, exposed_position: position, case_status: status },
      exposed_stored_at: position === null ? null : toIso(storedAt),
      named_position: accountId === null || position === null ? null : position + (isKnown ? -1 : 1),
      flagged_at: isFlagged ? toIso(NOW) : null,
      labelled_stored_at: isFlagged || status === 'confirmed' ? toIso(labelledAt) : null,
      round_stored_at: roundAt === undefined ? null : toIso(roundAt),
    }),
  );
  await pool.query(
    `INSERT INTO ${IMAGES} (image_id, account_id, named_account_id, named_position, photorealistic_faces, exposed_position, exposed_stored_at, flagged_at,
       labelled_stored_at, round_stored_at, flag_count, flags, categories, case_status, case_round, detected)
     SELECT image_id, account_id, account_id, named_position, false, exposed_position, exposed_stored_at, flagged_at, labelled_stored_at, round_stored_at, 0, '[]', '[]', case_status, 0, false
     FROM jsonb_to_recordset($1) AS t(image_id text, account_id text, named_position int8, exposed_position int8,
       exposed_stored_at timestamptz, flagged_at timestamptz, labelled_stored_at timestamptz, round_stored_at timestamptz, case_status text)`,
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

async function addAccounts(pool: pg.Pool, all: readonly Account[]) {
  const rows = all.map(({ accountId, cohortId = 'c-1', position, onboardedAt, isDeactivated = false }) => ({
    ...{ account_id: accountId, cohort_id: cohortId, onboarded_position: position, deactivated: isDeactivated },
    onboarded_stored_at: toIso(onboardedAt),
  }));
  await pool.query(
    `INSERT INTO ${ACCOUNTS} (account_id, status, deactivated, cohort_id, onboarded_cohort_id, onboarded_position, onboarded_stored_at, position)
     SELECT account_id, 'onboarded', deactivated, cohort_id, cohort_id, onboarded_position, onboarded_stored_at, onboarded_position
     FROM jsonb_to_recordset($1) AS t(account_id text, deactivated bool, cohort_id text, onboarded_position int8,
       onboarded_stored_at timestamptz)`,
    [JSON.stringify(rows)],
  );
}
