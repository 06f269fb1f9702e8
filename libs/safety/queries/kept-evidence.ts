import { accountStandingView } from '../../account/index.js';
import type { MaturedCounts } from '../../gate/matured-prefix.js';
import type { AccountGroup } from '../../gate/verdict.js';
import { toIso } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { safetyImagesView } from '../views/safety-images.js';
import {
  ACCOUNTS,
  COHORT,
  CONFIRMED,
  type EvidencePeriod,
  IMAGES,
  MODEL,
  NO_END,
  OWNED,
  PENDING,
  type Rows,
  type StageCounts,
  SUSPECTS,
} from './evidence-sources.js';

/** Exposures, or accounts, that are counted in one transaction. */
const BATCH = 50_000;
/** The clocks of two processes may differ by so much. One that was further ahead was wrong, and what it counted too. */
const CLOCKS_DIFFER_MS = 300_000;

/** What is counted so far, of which stage. */
interface Kept {
  since: Position;
  /** Epoch milliseconds. */
  as_of: number;
  /** Up to where it is counted. */
  position: Position;
  exposures: number;
  exposures_done: Position;
  accounts_done: Position;
  cohorts_done: Position;
  arrived_done: Position;
}

const KEPT_COLUMNS = [
  ...['since', 'as_of', 'position', 'exposures', 'exposures_done', 'accounts_done', 'cohorts_done', 'arrived_done'],
];
/** Another number whenever what is counted is another: what a process of another release has counted is then counted anew. */
const DEFINITION = 3;
/**
 * The name of the log's history, since after a restore the same positions may hold other events, and which tables it is counted
 * from, since a view that is built again may have other rows.
 */
const EPOCH = `SELECT concat_ws(' ', ${DEFINITION}, (SELECT name FROM log.epoch), string_agg(concat_ws(' ', view, version, build), ' ' ORDER BY view)) AS name
  FROM projections.builds b JOIN unnest($1::text[], $2::int[]) v (name, number) ON v.name = b.view AND v.number = b.version WHERE b.live`;
const COUNTED_VIEWS = [safetyImagesView, accountStandingView];
const READ = `SELECT epoch, ${KEPT_COLUMNS.map((name) => `${name}::float8 AS ${name}`)} FROM gate.evidence`;
const WRITE = `INSERT INTO gate.evidence (epoch, ${KEPT_COLUMNS}) VALUES ($1, ${KEPT_COLUMNS.map((_, i) => `$${i + 2}`)})
  ON CONFLICT (only_row) DO UPDATE SET epoch = excluded.epoch, ${KEPT_COLUMNS.map((name) => `${name} = excluded.${name}`)}`;

/** The first two parameters of each: what is done, and how far the views are. The next is the size of a batch. */
const NEXT_IMAGES = `batch AS MATERIALIZED (
    SELECT exposed_position AS p, exposed_stored_at AS t, exposed_position, named_position, named_account_id, model FROM ${IMAGES}
    WHERE exposed_position IS NOT NULL AND exposed_position > $1 AND exposed_position <= $2
    ORDER BY exposed_position LIMIT $3)`;
const NEXT_ACCOUNTS = `batch AS MATERIALIZED (
    SELECT account_id, ${COHORT} AS cohort_id, onboarded_position AS p, onboarded_stored_at AS t FROM ${ACCOUNTS}
    WHERE onboarded_position IS NOT NULL AND onboarded_position > $1 AND onboarded_position <= $2
    ORDER BY onboarded_position LIMIT $3)`;
const BATCH_END = `(SELECT count(*) FROM batch)::float8 AS read, (SELECT max(p) FROM batch)::float8 AS done`;
/** Of a batch, what is before the first that is stored after `$4`. */
const OLD_ENOUGH = `SELECT * FROM batch WHERE p < coalesce((SELECT min(p) FROM batch WHERE t > $4::timestamptz), ${NO_END})`;

/** `$5`: since when accounts count; `$6`: their window in milliseconds; `$7`: the accounts up to here are closed. */
const COUNT_EXPOSURES = `WITH ${NEXT_IMAGES},
  matured AS (${OLD_ENOUGH}),
  owned AS (
    SELECT i.t, a.account_id, ${COHORT} AS cohort_id, a.onboarded_position, a.onboarded_stored_at
    FROM matured i JOIN ${ACCOUNTS} a ON ${OWNED}),
  by_cohort AS (
    INSERT INTO gate.cohort_exposures AS c SELECT cohort_id, count(*) FROM owned GROUP BY 1
    ON CONFLICT (cohort_id) DO UPDATE SET exposures = c.exposures + excluded.exposures),
  more AS (
    SELECT account_id, onboarded_position, count(*) AS exposures FROM owned
    WHERE onboarded_position > $5 AND t < onboarded_stored_at + $6::float8 * interval '1 millisecond' GROUP BY 1, 2),
  by_account AS (
    INSERT INTO gate.account_exposures AS a SELECT account_id, exposures FROM more
    ON CONFLICT (account_id) DO UPDATE SET exposures = a.exposures + excluded.exposures
    RETURNING account_id, exposures),
  moved AS (
    SELECT s.exposures, sum(s.accounts) AS accounts FROM by_account b JOIN more m USING (account_id),
      LATERAL (VALUES (b.exposures, 1), (b.exposures - m.exposures, -1)) s (exposures, accounts)
    WHERE m.onboarded_position <= $7 GROUP BY 1),
  by_size AS (
    INSERT INTO gate.closed_accounts AS c SELECT * FROM moved
    ON CONFLICT (exposures) DO UPDATE SET accounts = c.accounts + excluded.accounts),
  by_day AS (
    INSERT INTO gate.day_exposures AS d SELECT (t AT TIME ZONE 'UTC')::date, count(*) FROM matured GROUP BY 1
    ON CONFLICT (day) DO UPDATE SET exposures = d.exposures + excluded.exposures)
  SELECT ${BATCH_END}, (SELECT count(*) FROM matured)::float8 AS counted, (SELECT max(p) FROM matured)::float8 AS last`;

const CLOSE_ACCOUNTS = `WITH ${NEXT_ACCOUNTS},
  closed AS (${OLD_ENOUGH}),
  by_size AS (
    INSERT INTO gate.closed_accounts AS c
    SELECT coalesce(a.exposures, 0), count(*) FROM closed LEFT JOIN gate.account_exposures a USING (account_id) GROUP BY 1
    ON CONFLICT (exposures) DO UPDATE SET accounts = c.accounts + excluded.accounts)
  SELECT ${BATCH_END}, (SELECT count(*) FROM closed)::float8 AS counted, (SELECT max(p) FROM closed)::float8 AS last`;

const NUMBER_COHORTS = `WITH ${NEXT_ACCOUNTS},
  fresh AS (
    SELECT b.cohort_id, min(p) AS first FROM batch b
    WHERE NOT EXISTS (SELECT FROM gate.cohorts c WHERE c.cohort_id = b.cohort_id) GROUP BY 1),
  numbered AS (
    INSERT INTO gate.cohorts SELECT cohort_id, (SELECT count(*) FROM gate.cohorts) + row_number() OVER (ORDER BY first) FROM fresh)
  SELECT ${BATCH_END}`;

/** `$4`: the positions at which stages began. */
const COUNT_ARRIVED = `WITH ${NEXT_IMAGES},
  by_stage AS (
    INSERT INTO gate.arrived_exposures AS a
    SELECT coalesce((SELECT max(s) FROM unnest($4::bigint[]) s WHERE s < p), 0), ${MODEL}, count(*) FROM batch GROUP BY 1, 2
    ON CONFLICT (since, model) DO UPDATE SET exposures = a.exposures + excluded.exposures)
  SELECT ${BATCH_END}`;

/**
 * Counts what the views have and was not counted, up to a batch. In a transaction whose snapshot is that of the positions.
 * @param until how far the views are
 * @param stages the positions at which stages began, this one's too
 * @returns false if more is left
 */
export async function keepEvidence(
  rows: Rows,
  { since, now, labelDelayMs, accountWindowMs }: EvidencePeriod,
  stages: readonly Position[],
  until: Position,
): Promise<{ kept: Kept; isComplete: boolean }> {
  const [{ name: epoch }] = await rows(
    EPOCH,
    COUNTED_VIEWS.map(({ name }) => name),
    COUNTED_VIEWS.map(({ version }) => version),
  );
  const kept = await keptFor(rows, epoch, since, now, until);
  const { position } = kept;
  let isComplete = true;
  const [arrived] = await rows(COUNT_ARRIVED, kept.arrived_done, position, BATCH, stages);
  const [cohorts] = await rows(NUMBER_COHORTS, kept.cohorts_done, position, BATCH);
  for (const [name, { read, done }] of [['arrived_done', arrived] as const, ['cohorts_done', cohorts] as const]) {
    kept[name] = done ?? kept[name];
    isComplete &&= read < BATCH;
  }
  const matured = toIso(kept.as_of - labelDelayMs);
  const [images] = await rows(
    COUNT_EXPOSURES,
    ...[kept.exposures_done, position, BATCH, matured],
    ...[since, accountWindowMs, kept.accounts_done],
  );
  kept.exposures += images.counted;
  kept.exposures_done = images.last ?? kept.exposures_done;
  const closed = toIso(kept.as_of - labelDelayMs - accountWindowMs);
  const [accounts] = await rows(CLOSE_ACCOUNTS, kept.accounts_done, position, BATCH, closed);
  kept.accounts_done = accounts.last ?? kept.accounts_done;
  isComplete &&= images.counted < BATCH && accounts.counted < BATCH;
  await rows(WRITE, epoch, ...KEPT_COLUMNS.map((name) => kept[name as keyof Kept]));
  return { kept, isComplete };
}

/** Begins anew with another stage, with another log, and if a clock was ahead: what it made count was too young. */
async function keptFor(rows: Rows, epoch: string, since: Position, now: number, until: Position): Promise<Kept> {
  const [found] = await rows(READ);
  const isSameLog = found?.epoch === epoch;
  if (isSameLog && found.since === since && found.as_of - now <= CLOCKS_DIFFER_MS)
    return { ...found, as_of: Math.max(found.as_of, now), position: Math.max(found.position, until) };
  for (const table of ['cohort_exposures', 'account_exposures', 'closed_accounts', 'day_exposures'])
    await rows(`DELETE FROM gate.${table}`);
  if (!isSameLog) for (const table of ['cohorts', 'arrived_exposures']) await rows(`DELETE FROM gate.${table}`);
  return {
    ...{ since, as_of: now, position: until, exposures: 0, exposures_done: since, accounts_done: since },
    cohorts_done: isSameLog ? found.cohorts_done : 0,
    arrived_done: isSameLog ? found.arrived_done : 0,
  };
}

const IN_STAGE = 'i.exposed_position > $1 AND i.exposed_position <= $2';

/** SQL. */
export const SUSPECT_COUNTS = `SELECT (count(*) FILTER (WHERE ${PENDING}))::float8 AS pending,
    (count(*) FILTER (WHERE ${CONFIRMED}))::float8 AS confirmed
  FROM ${SUSPECTS} i WHERE ${IN_STAGE}`;

const COHORTS = `
  SELECT c.cohort_id AS "cohortId", c.ordinal::float8 AS ordinal, e.exposures::float8 AS exposures, f.confirmed::float8 AS confirmed
  FROM (
    SELECT ${COHORT} AS cohort_id, count(*) AS confirmed FROM ${SUSPECTS} i JOIN ${ACCOUNTS} a ON ${OWNED}
    WHERE ${IN_STAGE} AND ${CONFIRMED} GROUP BY 1) f
  JOIN gate.cohorts c USING (cohort_id) JOIN gate.cohort_exposures e USING (cohort_id) ORDER BY 2`;

/** `$3`: the accounts up to here are closed; `$4`: the window of an account in milliseconds. */
const VIOLATORS = `
  SELECT e.exposures::float8 AS exposures, f.violations::float8 AS violations, count(*)::float8 AS accounts FROM (
    SELECT a.account_id, count(*) AS violations FROM ${SUSPECTS} i JOIN ${ACCOUNTS} a ON ${OWNED}
    WHERE ${IN_STAGE} AND ((${PENDING}) OR ${CONFIRMED}) AND a.onboarded_position > $1 AND a.onboarded_position <= $3
      AND i.exposed_stored_at < a.onboarded_stored_at + $4::float8 * interval '1 millisecond' GROUP BY 1) f
  JOIN gate.account_exposures e USING (account_id) GROUP BY 1, 2`;

const CLOSED = `SELECT exposures::float8 AS exposures, accounts::float8 AS accounts FROM gate.closed_accounts WHERE accounts > 0`;
const ARRIVED = `SELECT coalesce(sum(exposures), 0)::float8 AS arrived FROM gate.arrived_exposures WHERE since = $1`;

/** The evidence from what is counted: rows of cohorts, sizes of accounts and images that may be violations, never all images. */
export async function readKept(
  rows: Rows,
  { exposures, exposures_done, accounts_done }: Kept,
  { since, accountWindowMs }: EvidencePeriod,
): Promise<StageCounts & { arrived: number }> {
  const range = [since, exposures_done] as const;
  const [suspects] = await rows(SUSPECT_COUNTS, ...range);
  const cohorts = await rows(COHORTS, ...range);
  const violators: AccountGroup[] = await rows(VIOLATORS, ...range, accounts_done, accountWindowMs);
  const closed: Omit<AccountGroup, 'violations'>[] = await rows(CLOSED);
  const [{ arrived }] = await rows(ARRIVED, since);
  const counts: MaturedCounts = { exposures, ...suspects };
  return { counts, cohorts, accounts: groupsOf(closed, violators), arrived };
}

/** The closed accounts by exposures and violations: those without any are the others of their size. */
function groupsOf(
  closed: readonly Omit<AccountGroup, 'violations'>[],
  violators: readonly AccountGroup[],
): AccountGroup[] {
  const clean = new Map(closed.map(({ exposures, accounts }) => [exposures, accounts]));
  for (const { exposures, accounts } of violators) clean.set(exposures, clean.get(exposures)! - accounts);
  const groups = [...clean].map(([exposures, accounts]) => ({ exposures, violations: 0, accounts }));
  return [...groups.filter(({ accounts }) => accounts > 0), ...violators].sort(
    (a, b) => a.exposures - b.exposures || a.violations - b.violations,
  );
}
