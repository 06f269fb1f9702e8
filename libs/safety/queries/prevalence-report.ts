import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable } from '../../projections/view-tables.js';
import { type ExposedCounts, type Prevalence, prevalenceOf } from '../prevalence.js';
import { DAY_BUCKETS, SAMPLE_BUCKETS } from '../safety-contribution.js';
import { safetyImagesView } from '../views/safety-images.js';
import type { Days } from './groupings.js';

const COUNTERS = counterTable(safetyImagesView);
/** Parts of a bucket of the sample. */
const DAY = `split_part(bucket, ':', 2)`;
const PER_MILLION = `split_part(bucket, ':', 3)::int`;
const IS_SAMPLE = `bucket COLLATE "C" >= '${SAMPLE_BUCKETS}' AND bucket COLLATE "C" < '${SAMPLE_BUCKETS}\u{10FFFF}' AND sampled > 0`;

const FIRST_DAY = `SELECT min(${DAY} COLLATE "C") AS day FROM ${COUNTERS} WHERE ${IS_SAMPLE}`;
const COLUMNS = [
  'exposed',
  'exposed_flagged_before',
  'exposed_confirmed_before',
  'exposed_confirmed',
  'exposed_confirmed_sampled',
  'exposed_confirmed_detected',
];
/** `$1` and `$2` are the first and the last day; the last may be null. */
const EXPOSED = `SELECT ${COLUMNS.map((name) => `coalesce(sum(${name}), 0)::float8 AS ${name}`)} FROM ${COUNTERS}
  WHERE bucket COLLATE "C" >= '${DAY_BUCKETS}' || $1 AND bucket COLLATE "C" <= '${DAY_BUCKETS}' || coalesce($2, '9999')`;
const SAMPLE = `SELECT ${PER_MILLION} AS per_million, sum(sampled)::float8 AS chosen,
    sum(sampled_decided)::float8 AS decided, sum(sampled_confirmed)::float8 AS unsafe
  FROM ${COUNTERS} WHERE ${IS_SAMPLE} AND ${DAY} COLLATE "C" >= $1 AND ${DAY} COLLATE "C" <= coalesce($2, '9999')
  GROUP BY 1 ORDER BY 1`;

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
}

const NOTHING: ExposedCounts = {
  exposed: 0,
  flaggedBefore: 0,
  confirmedBefore: 0,
  confirmed: 0,
  confirmedFlagged: 0,
  confirmedDetected: 0,
};

/** Reads, from counters alone, what the sample says of images first exposed on some days; by default from the day of the first that was chosen. */
@Injectable()
export class PrevalenceReport {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async read(days: Days = {}): Promise<PrevalenceFigures> {
    const to = days.to ?? null;
    const from: string | null = days.from ?? (await this.one({ text: FIRST_DAY })).day;
    if (from === null) {
      const sample = { chosen: 0, decided: 0, unsafe: 0, skipped: 0 };
      return { from, to, counts: NOTHING, sample, estimate: null };
    }
    const values = [from, to];
    const found = await this.one({ text: EXPOSED, values });
    const { rows } = await queryView(this.pool, { text: SAMPLE, values });
    const strata = rows.filter(({ per_million }) => per_million > 0);
    const sum = (name: string) => strata.reduce((so, row) => so + row[name], 0);
    const counts = {
      exposed: found.exposed,
      flaggedBefore: found.exposed_flagged_before,
      confirmedBefore: found.exposed_confirmed_before,
      confirmed: found.exposed_confirmed + found.exposed_confirmed_sampled,
      confirmedFlagged: found.exposed_confirmed,
      confirmedDetected: found.exposed_confirmed_detected,
    };
    const skipped = rows.find(({ per_million }) => per_million === 0)?.chosen ?? 0;
    const sample = { chosen: sum('chosen'), decided: sum('decided'), unsafe: sum('unsafe'), skipped };
    const estimate = prevalenceOf(
      counts,
      strata.map(({ per_million: perMillion, decided, unsafe }) => ({ perMillion, decided, unsafe })),
    );
    return { from, to, counts, sample, estimate };
  }

  private async one(query: { text: string; values?: unknown[] }) {
    return (await queryView(this.pool, query)).rows[0];
  }
}
