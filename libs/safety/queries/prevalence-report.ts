import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Position } from '../../kernel/envelope.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { type ExposedCounts, type Prevalence, prevalenceOf } from '../prevalence.js';
import { safetyImagesView } from '../views/safety-images.js';
import type { Days } from './groupings.js';

const IMAGES = viewTable(safetyImagesView);
/** SQL: the day of the first exposure, as the counters have it, is within the period `$1` to `$2`, days or null. */
const IN_PERIOD = `exposed_at IS NOT NULL
  AND ($1::date IS NULL OR exposed_at >= $1::date::timestamp AT TIME ZONE 'UTC')
  AND ($2::date IS NULL OR exposed_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC')`;
const FLAGGED_BEFORE = 'coalesce(flagged_at < exposed_at, false)';

const FIRST_DAY = `SELECT to_char(min(exposed_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day FROM ${IMAGES}
  WHERE sample_per_million IS NOT NULL`;
const EXPOSED = `SELECT coalesce(sum(exposed), 0)::float8 AS exposed FROM ${counterTable(safetyImagesView)}
  WHERE bucket COLLATE "C" >= 'day:' || $1 AND bucket COLLATE "C" <= 'day:' || coalesce($2, '9999')`;
/** Few images are flagged or in the sample, and an index finds either. */
const FLAGGED = `SELECT
    count(*) FILTER (WHERE ${FLAGGED_BEFORE})::int AS flagged_before,
    count(*) FILTER (WHERE ${FLAGGED_BEFORE} AND case_status = 'confirmed')::int AS confirmed_before,
    count(*) FILTER (WHERE case_status = 'confirmed')::int AS confirmed_flagged,
    count(*) FILTER (WHERE case_status = 'confirmed' AND detected)::int AS confirmed_detected
  FROM ${IMAGES} WHERE flagged_at IS NOT NULL AND ${IN_PERIOD}`;
const SAMPLE = `SELECT sample_per_million AS per_million, count(*)::int AS chosen,
    count(*) FILTER (WHERE case_status NOT IN ('none', 'open'))::int AS decided,
    count(*) FILTER (WHERE case_status = 'confirmed')::int AS unsafe,
    count(*) FILTER (WHERE case_status = 'confirmed' AND flagged_at IS NULL)::int AS unflagged_unsafe
  FROM ${IMAGES} WHERE sample_per_million IS NOT NULL AND NOT ${FLAGGED_BEFORE} AND ${IN_PERIOD}
  GROUP BY sample_per_million ORDER BY sample_per_million`;

export interface SampleCounts {
  /** Images to be reviewed. */
  chosen: number;
  decided: number;
  unsafe: number;
  /** Chosen when too many waited, and left out. */
  skipped: number;
}

export interface PrevalenceFigures {
  /** The days of first exposure; null before anything was chosen, or without an end. */
  from: string | null;
  to: string | null;
  counts: ExposedCounts;
  sample: SampleCounts;
  estimate: Prevalence | null;
  position: Position;
}

const NOTHING: ExposedCounts = {
  exposed: 0,
  flaggedBefore: 0,
  confirmedBefore: 0,
  confirmed: 0,
  confirmedFlagged: 0,
  confirmedDetected: 0,
};

/** Reads what the sample says of images first exposed on some days; by default from the day of the first that was chosen. */
@Injectable()
export class PrevalenceReport {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(ViewReader) private readonly reader: ViewReader,
  ) {}

  async read(days: Days = {}): Promise<PrevalenceFigures> {
    const position = await this.reader.position(safetyImagesView);
    const to = days.to ?? null;
    const from: string | null = days.from ?? (await this.one({ text: FIRST_DAY })).day;
    if (from === null) {
      const sample = { chosen: 0, decided: 0, unsafe: 0, skipped: 0 };
      return { from, to, counts: NOTHING, sample, estimate: null, position };
    }
    const values = [from, to];
    const { exposed } = await this.one({ text: EXPOSED, values });
    const flagged = await this.one({ text: FLAGGED, values });
    const { rows } = await queryView(this.pool, { text: SAMPLE, values });
    const strata = rows.filter(({ per_million }) => per_million > 0);
    const sum = (name: string) => strata.reduce((so, row) => so + row[name], 0);
    const counts = {
      exposed,
      flaggedBefore: flagged.flagged_before,
      confirmedBefore: flagged.confirmed_before,
      confirmed: flagged.confirmed_flagged + sum('unflagged_unsafe'),
      confirmedFlagged: flagged.confirmed_flagged,
      confirmedDetected: flagged.confirmed_detected,
    };
    const skipped = rows.find(({ per_million }) => per_million === 0)?.chosen ?? 0;
    const sample = { chosen: sum('chosen'), decided: sum('decided'), unsafe: sum('unsafe'), skipped };
    const estimate = prevalenceOf(
      counts,
      strata.map(({ per_million: perMillion, decided, unsafe }) => ({ perMillion, decided, unsafe })),
    );
    return { from, to, counts, sample, estimate, position };
  }

  private async one(query: { text: string; values?: unknown[] }) {
    return (await queryView(this.pool, query)).rows[0];
  }
}
