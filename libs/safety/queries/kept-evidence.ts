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
  NO_STAGE,
  OWNER,
  PENDING,
  type Rows,
  type StageCounts,
  SUSPECTS,
} from './evidence-sources.js';

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
const nextOf = (table: string, position: string, columns: string, more = '') => `
    SELECT ${position} AS p, ${columns} FROM ${table}
    WHERE ${position} IS NOT NULL AND ${position} > $1 AND ${position} <= $2${more}
    ORDER BY ${position} LIMIT $3`;
/** Before the first that is stored after `$4`, where reading ends: those that are too young are more than those that are new. */
const oldOf = (table: string, position: string, storedAt: string, columns: string) => `young AS MATERIALIZED (
    SELECT p FROM (${nextOf(table, position, `${storedAt} AS t`)}) next WHERE t > $4::timestamptz ORDER BY p LIMIT 1),
  batch AS MATERIALIZED (${nextOf(table, position, columns, ` AND ${position} < coalesce((SELECT p FROM young), ${NO_END})`)})`;
const OF_IMAGES = 'exposed_stored_at AS t, exposed_position, named_position, named_account_id, model';
const OF_ACCOUNTS = `account_id, ${COHORT} AS cohort_id`;
const BATCH_END = `(SELECT count(*) FROM batch)::float8 AS read, (SELECT max(p) FROM batch)::float8 AS done`;

/** `$5`: since when accounts count; `$6`: their window in milliseconds; `$7`: the accounts up to here are closed. */
const COUNT_EXPOSURES = `WITH ${oldOf(IMAGES, 'exposed_position', 'exposed_stored_at', OF_IMAGES)},
  owned AS (
    SELECT i.t, a.account_id, ${COHORT} AS cohort_id, a.onboarded_position, a.onboarded_stored_at
    FROM batch i CROSS JOIN ${OWNER}),
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
    INSERT INTO gate.day_exposures AS d SELECT (t AT TIME ZONE 'UTC')::date, count(*) FROM batch GROUP BY 1
    ON CONFLICT (day) DO UPDATE SET exposures = d.exposures + excluded.exposures)
  SELECT ${BATCH_END}`;

const CLOSE_ACCOUNTS = `WITH ${oldOf(ACCOUNTS, 'onboarded_position', 'onboarded_stored_at', OF_ACCOUNTS)},
  by_size AS (
    INSERT INTO gate.closed_accounts AS c
    SELECT coalesce((SELECT a.exposures FROM gate.account_exposures a WHERE a.account_id = batch.account_id), 0), count(*)
    FROM batch GROUP BY 1
    ON CONFLICT (exposures) DO UPDATE SET accounts = c.accounts + excluded.accounts)
  SELECT ${BATCH_END}`;

const NUMBER_COHORTS = `WITH batch AS MATERIALIZED (${nextOf(ACCOUNTS, 'onboarded_position', OF_ACCOUNTS)}),
  fresh AS (
    SELECT b.cohort_id, min(p) AS first FROM batch b GROUP BY 1
    HAVING (SELECT c.ordinal FROM gate.cohorts c WHERE c.cohort_id = b.cohort_id) IS NULL),
  numbered AS (
    INSERT INTO gate.cohorts SELECT cohort_id, (SELECT count(*) FROM gate.cohorts) + row_number() OVER (ORDER BY first) FROM fresh)
  SELECT ${BATCH_END}`;

/** `$4`: the positions at which stages began. */
const COUNT_ARRIVED = `WITH batch AS MATERIALIZED (${nextOf(IMAGES, 'exposed_position', OF_IMAGES)}),
  by_stage AS (
    INSERT INTO gate.arrived_exposures AS a
    SELECT coalesce((SELECT max(s) FROM unnest($4::bigint[]) s WHERE s < p), 0), ${MODEL}, count(*) FROM batch GROUP BY 1, 2
    ON CONFLICT (since, model) DO UPDATE SET exposures = a.exposures + excluded.exposures)
  SELECT ${BATCH_END}`;

/**
 * Counts what the views have and was not counted, up to a batch. In a transaction whose snapshot is that of the positions.
 * @param until how far the views are
 * @param stages the positions at which stages began, this one's too
 * @param most exposures, or accounts, of a batch
 * @returns what is left if that is more than a batch; undefined if what is kept is of a later stage
 */
export async function keepEvidence(
  rows: Rows,
  { since, now, labelDelayMs, accountWindowMs }: EvidencePeriod,
  stages: readonly Position[],
  until: Position,
  most: number,
): Promise<{ kept: Kept; left: { done: Position; of: Position } | undefined } | undefined> {
  const [{ name: epoch }] = await rows(
    EPOCH,
    COUNTED_VIEWS.map(({ name }) => name),
    COUNTED_VIEWS.map(({ version }) => version),
  );
  const kept = await keptFor(rows, epoch, since, now, until);
  if (!kept) return undefined;
  const { position } = kept;
  let left: { done: Position; of: Position } | undefined;
  const count = async (text: string, done: `${string}_done` & keyof Kept, ...more: unknown[]): Promise<number> => {
    const [batch] = await rows(text, kept[done], position, most, ...more);
    kept[done] = batch.done ?? kept[done];
    if (batch.read === most) left = { done: Math.min(kept[done], left?.done ?? position), of: position };
    return batch.read;
  };
  await count(COUNT_ARRIVED, 'arrived_done', stages);
  await count(NUMBER_COHORTS, 'cohorts_done');
  const matured = toIso(kept.as_of - labelDelayMs);
  kept.exposures += await count(COUNT_EXPOSURES, 'exposures_done', matured, since, accountWindowMs, kept.accounts_done);
  await count(CLOSE_ACCOUNTS, 'accounts_done', toIso(kept.as_of - labelDelayMs - accountWindowMs));
  await rows(WRITE, epoch, ...KEPT_COLUMNS.map((name) => kept[name as keyof Kept]));
  return { kept, left };
}

/**
 * Begins anew with another stage, with another log, and if a clock was ahead: what it made count was too young.
 * @returns undefined for a stage that is over: a reader that asks about it has read the gate before the present one began
 */
async function keptFor(
  rows: Rows,
  epoch: string,
  since: Position,
  now: number,
  until: Position,
): Promise<Kept | undefined> {
  const [found] = await rows(READ);
  const isSameLog = found?.epoch === epoch;
  if (isSameLog && found.since !== NO_STAGE && found.since > since) return undefined;
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

/**
 * SQL: what is or may be a violation, with the cohorts and accounts whose it is; read once for all that is counted of it. `$1`: the stage;
 * `$2`: the exposures up to here are counted; `$3`: the accounts up to here are closed; `$4`: the window of an account in milliseconds.
 */
export const SUSPECTED = `WITH found AS MATERIALIZED (
    SELECT ${PENDING} AS is_pending, ${CONFIRMED} AS is_confirmed, a.account_id, ${COHORT} AS cohort,
      a.onboarded_position > $1 AND a.onboarded_position <= $3
        AND i.exposed_stored_at < a.onboarded_stored_at + $4::float8 * interval '1 millisecond' AS is_in_window
    FROM ${SUSPECTS} i LEFT JOIN ${OWNER} ON true WHERE i.exposed_position > $1 AND i.exposed_position <= $2),
  by_cohort AS (SELECT cohort, count(*) AS confirmed FROM found WHERE is_confirmed GROUP BY 1),
  by_account AS (
    SELECT (SELECT e.exposures FROM gate.account_exposures e WHERE e.account_id = f.account_id) AS exposures, violations
    FROM (SELECT account_id, count(*) AS violations FROM found WHERE is_in_window GROUP BY 1) f),
  violators AS (SELECT exposures, violations, count(*) AS accounts FROM by_account WHERE exposures IS NOT NULL GROUP BY 1, 2)
  SELECT (count(*) FILTER (WHERE is_pending))::float8 AS pending, (count(*) FILTER (WHERE is_confirmed))::float8 AS confirmed,
    (SELECT coalesce(json_agg(json_build_object('cohortId', cohort, 'ordinal', ordinal, 'exposures', exposures,
        'confirmed', confirmed) ORDER BY ordinal), '[]')
      FROM by_cohort JOIN gate.cohorts c ON c.cohort_id = cohort JOIN gate.cohort_exposures e ON e.cohort_id = cohort) AS cohorts,
    (SELECT coalesce(json_agg(violators), '[]') FROM violators) AS violators
  FROM found`;

const CLOSED = `SELECT exposures::float8 AS exposures, accounts::float8 AS accounts FROM gate.closed_accounts WHERE accounts > 0`;
const ARRIVED = `SELECT coalesce(sum(exposures), 0)::float8 AS arrived FROM gate.arrived_exposures WHERE since = $1`;

/** The evidence from what is counted: rows of cohorts, sizes of accounts and images that may be violations, never all images. */
export async function readKept(
  rows: Rows,
  { exposures, exposures_done, accounts_done }: Kept,
  { since, accountWindowMs }: EvidencePeriod,
): Promise<StageCounts & { arrived: number }> {
  const [suspected] = await rows(SUSPECTED, since, exposures_done, accounts_done, accountWindowMs);
  const { cohorts, violators, ...suspects } = suspected;
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
