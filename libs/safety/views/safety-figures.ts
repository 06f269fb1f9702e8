import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { counterTable } from '../../projections/view-tables.js';
import { type SafetyMetrics, safetyMetrics } from '../metrics.js';
import { SAFETY_COUNTS, type SafetyCounts } from '../safety-counts.js';
import { deactivationsView } from './deactivations.js';
import { safetyImagesView } from './safety-images.js';

export const GROUPINGS = ['day', 'week', 'category'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface SafetyFigures extends SafetyMetrics {
  /** Cases under review now. */
  backlog: number;
  /** Cases decided, either way. */
  decided: number;
  /** Accounts deactivated, those that were reinstated later too. */
  deactivated: number;
  reinstated: number;
}

export interface SafetyGroup extends SafetyFigures {
  /** `2022-05-18`, `2022-W20` or a category. */
  group: string;
}

export interface SafetyAnswer {
  /** Everything there is, whatever days were asked for. */
  whole: SafetyFigures;
  /** In alphabetical order; an image of several categories counts in each. */
  groups: SafetyGroup[];
  /** Events up to here are in the figures. */
  position: string;
}

/** Days, inclusive, as `2022-05-18`. */
export interface Days {
  from?: string;
  to?: string;
}

/** More days than that are 27 years; the categories beyond are the alphabet's last. */
const GROUPS_AT_MOST = 10_000;

/** The counters of safety as metrics. */
@Injectable()
export class SafetyReport {
  private readonly text: string;

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(ViewReader) private readonly reader: ViewReader,
  ) {
    const columns = ['deactivated', 'reinstated', ...SAFETY_COUNTS].map((name) => `coalesce(${name}, 0) AS ${name}`);
    this.text = `SELECT bucket, ${columns} FROM ${counterTable(safetyImagesView)}
      FULL JOIN ${counterTable(deactivationsView)} USING (bucket)
      WHERE bucket = 'all' OR (bucket COLLATE "C" >= $1 AND bucket COLLATE "C" < $2)
      ORDER BY bucket COLLATE "C" LIMIT ${GROUPS_AT_MOST + 1}`;
  }

  async read(by: Grouping | undefined, { from = '', to }: Days): Promise<SafetyAnswer> {
    // The position first: the figures are of that or later.
    const positions = await Promise.all(
      [safetyImagesView, deactivationsView].map((view) => this.reader.position(view)),
    );
    const prefix = by === undefined ? 'all' : `${by}:`;
    const { rows } = await queryView(this.pool, {
      text: this.text,
      values: [prefix + from, `${prefix}${to ?? ''}\u{10FFFF}`],
    });
    const whole = rows.find(({ bucket }) => bucket === 'all') ?? {};
    const groups = rows.filter(({ bucket }) => bucket !== 'all');
    return {
      whole: toFigures(whole),
      groups: groups.map((row) => ({ group: row.bucket.slice(prefix.length), ...toFigures(row) })),
      position: String(Math.min(...positions)),
    };
  }
}

function toFigures(row: Record<string, string | undefined>): SafetyFigures {
  const counts = Object.fromEntries(SAFETY_COUNTS.map((name) => [name, Number(row[name] ?? 0)])) as SafetyCounts;
  return {
    ...safetyMetrics(counts),
    backlog: counts.cases_open,
    decided: counts.cases_confirmed + counts.cases_dismissed,
    deactivated: Number(row.deactivated ?? 0),
    reinstated: Number(row.reinstated ?? 0),
  };
}
