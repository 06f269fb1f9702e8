import type { Position } from '../../kernel/envelope.js';
import { CONFIRMED, MODEL, NO_END, PENDING, type Rows, SUSPECTS } from './evidence-sources.js';

/** The evidence up to the end of a day of arrival. */
export interface SeriesPoint {
  /** In UTC, as YYYY-MM-DD. */
  day: string;
  exposures: number;
  pending: number;
  confirmed: number;
}

/** Distinct exposed images of a stage and a model. */
export interface ModelFigures {
  /** The position of the event that the stage began with; 0 before the first. */
  since: Position;
  /** Empty if the images named none. */
  model: string;
  exposures: number;
  pending: number;
  confirmed: number;
}

const SUMS = `(count(*) FILTER (WHERE ${PENDING})) AS pending, (count(*) FILTER (WHERE ${CONFIRMED})) AS confirmed`;

/** Each day with what arrived up to its end. `$1`: the stage. */
const SERIES = `
  WITH kept AS (SELECT exposures_done FROM gate.evidence WHERE since = $1),
  found AS (
    SELECT (exposed_stored_at AT TIME ZONE 'UTC')::date AS day, ${SUMS} FROM ${SUSPECTS} i
    WHERE exposed_position > $1 AND exposed_position <= (SELECT exposures_done FROM kept) GROUP BY 1)
  SELECT to_char(day, 'YYYY-MM-DD') AS day, (sum(d.exposures) OVER (ORDER BY day))::float8 AS exposures,
    (coalesce(sum(f.pending) OVER (ORDER BY day), 0))::float8 AS pending,
    (coalesce(sum(f.confirmed) OVER (ORDER BY day), 0))::float8 AS confirmed
  FROM gate.day_exposures d LEFT JOIN found f USING (day) WHERE EXISTS (SELECT FROM kept) ORDER BY day`;

/** `$1`: the positions at which stages began. */
const BY_MODEL = `
  WITH stages AS (
    SELECT s AS since, least(lead(s, 1, ${NO_END}) OVER (ORDER BY s), (SELECT arrived_done FROM gate.evidence)) AS until
    FROM unnest(0 || $1::bigint[]) s),
  found AS (
    SELECT since, ${MODEL} AS model, ${SUMS}
    FROM stages JOIN ${SUSPECTS} i ON exposed_position > since AND exposed_position <= until GROUP BY 1, 2)
  SELECT a.since::float8 AS since, a.model, a.exposures::float8 AS exposures,
    coalesce(f.pending, 0)::float8 AS pending, coalesce(f.confirmed, 0)::float8 AS confirmed
  FROM gate.arrived_exposures a LEFT JOIN found f USING (since, model) ORDER BY 1, 2`;

export const stageSeries = (rows: Rows, since: Position): Promise<SeriesPoint[]> => rows(SERIES, since);

export const modelFigures = (rows: Rows, stages: readonly Position[]): Promise<ModelFigures[]> =>
  rows(BY_MODEL, stages);
