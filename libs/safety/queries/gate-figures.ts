import { LOAD_DAYS } from '../../gate/review-load.js';
import { DAY_MS, toIso, WEEK_MS } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { calendarBuckets } from '../calendar-buckets.js';
import {
  ACCOUNT_COUNTERS,
  ACTIVE_COUNTERS,
  CASE_COUNTERS,
  CASES,
  DEACTIVATIONS,
  type GateFigures,
  IMAGE_COUNTERS,
  IMAGES,
  type Rows,
} from './evidence-sources.js';

const WEEK_DAYS = 7;

/** Golden cases are work for reviewers too. `$1`: 14 days ago; `$2`: now. */
const DECIDED = `
  SELECT coalesce(sum(cases), 0)::float8 AS decided, coalesce(max(cases), 0)::float8 AS most FROM (
    SELECT count(*) AS cases FROM ${CASES}
    WHERE decided_at IS NOT NULL AND decided_at > $1::timestamptz
    GROUP BY greatest(0, floor(extract(epoch FROM $2::timestamptz - decided_at) / 86400))) days`;

const COUNTED = `SELECT
    (SELECT (extract(epoch FROM min(opened_at)) * 1000)::float8 FROM ${CASES}) AS first,
    (SELECT count(*)::float8 FROM ${CASES} WHERE opened_at > $1::timestamptz) AS opened,
    (SELECT coalesce(sum(open), 0)::float8 FROM ${CASE_COUNTERS}
      WHERE bucket COLLATE "C" >= 'queue:' AND bucket COLLATE "C" < 'queue;') AS waiting,
    (SELECT coalesce(sum(people), 0)::float8 FROM ${ACCOUNT_COUNTERS} WHERE bucket = 'all') AS people,
    (SELECT coalesce(max(people), 0)::float8 FROM ${ACTIVE_COUNTERS} WHERE bucket = ANY($3::text[])) AS active,
    (SELECT coalesce(sum(exposed), 0)::float8 FROM ${IMAGE_COUNTERS} WHERE bucket = ANY($2::text[])) AS exposed`;

const LAST_EXPOSURE = `SELECT (extract(epoch FROM exposed_stored_at) * 1000)::float8 AS at FROM ${IMAGES}
  WHERE exposed_position IS NOT NULL AND exposed_position <= $1 ORDER BY exposed_position DESC LIMIT 1`;

/** Of deactivations by a decision that was stored before them, as the figures of review. */
const LATENCY = `
  SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY ceil(extract(epoch FROM d.stored_at - c.decision_stored_at)))::float8 AS seconds
  FROM ${DEACTIVATIONS} d JOIN ${CASES} c ON c.case_id = d.case_id AND c.account_id = d.account_id
  WHERE d.stored_at > $1::timestamptz AND d.stored_at >= c.decision_stored_at AND c.origin <> 'golden'`;

/**
 * Figures that don't depend on the stage: from counters, and from indexes of cases of the last 14 days.
 * @param at epoch milliseconds
 */
export async function gateFigures(rows: Rows, at: number, position: Position): Promise<Omit<GateFigures, 'arrived'>> {
  const from = toIso(at - LOAD_DAYS * DAY_MS);
  const days = Array.from({ length: WEEK_DAYS }, (_, n) => calendarBuckets(at - n * DAY_MS)[0]);
  const weeks = [at, at - WEEK_MS].map((time) => calendarBuckets(time)[1]);
  const [decided] = await rows(DECIDED, from, toIso(at));
  const [counted] = await rows(COUNTED, from, days, weeks);
  const [last] = await rows(LAST_EXPOSURE, position);
  const [latency] = await rows(LATENCY, from);
  return {
    firstCaseAt: counted.first,
    opened: counted.opened,
    decided: decided.decided,
    mostDecidedADay: decided.most,
    waiting: counted.waiting,
    people: counted.people,
    activePeople: counted.active,
    deactivationSeconds: latency.seconds,
    exposedInWeek: counted.exposed,
    lastExposureAt: last?.at ?? null,
  };
}
