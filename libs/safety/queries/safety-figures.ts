import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { POOL } from '../../platform/ports.js';
import type { ViewQueries } from '../../projections/rebuilder.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable } from '../../projections/view-tables.js';
import { casesView } from '../../review/index.js';
import { safetyMetrics } from '../metrics.js';
import { SAFETY_COUNTS, type SafetyCounts } from '../safety-counts.js';
import { deactivationsView } from '../views/deactivations.js';
import { safetyImagesView } from '../views/safety-images.js';
import { type ComputedGrouping, GROUP_COUNTS } from './group-counts.js';
import { type Days, type Grouping, MAX_GROUPS } from './groupings.js';
import { ReviewReport } from './review-report.js';
import type { SafetyAnswer, SafetyFigures } from './safety-answer.js';

/** Of the counters of everything. */
export const COUNTED_VIEWS = [safetyImagesView, deactivationsView] as const;

/** Of the figures that are not by cohort. */
export const SAFETY_SOURCES = [...COUNTED_VIEWS, casesView] as const;

type CountedGrouping = Exclude<Grouping, ComputedGrouping>;

/** Reads the safety metrics and the review metrics. */
@Injectable()
export class SafetyReport {
  private readonly text: string;

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(ReviewReport) private readonly review: ReviewReport,
  ) {
    const columns = ['deactivated', 'reinstated', ...SAFETY_COUNTS].map((name) => `coalesce(${name}, 0) AS ${name}`);
    this.text = `SELECT bucket, ${columns} FROM ${counterTable(safetyImagesView)}
      FULL JOIN ${counterTable(deactivationsView)} USING (bucket)
      WHERE bucket = 'all' OR (bucket COLLATE "C" >= $1 AND bucket COLLATE "C" < $2)
      ORDER BY bucket COLLATE "C" LIMIT ${MAX_GROUPS + 1}`;
  }

  /**
   * Days, weeks and categories have counters; other groups and review metrics are computed on demand.
   * @param db where it finds SAFETY_SOURCES, and with cohorts the accounts
   */
  async read(
    by: Grouping | undefined,
    days: Days,
    db: ViewQueries = this.pool,
  ): Promise<Omit<SafetyAnswer, 'position'>> {
    const isComputed = by !== undefined && by in GROUP_COUNTS;
    const counted = await this.counted(db, isComputed ? undefined : (by as CountedGrouping), days);
    const groups = isComputed ? await this.computed(db, by as ComputedGrouping) : counted.groups;
    const reviewOf = await this.review.read(by, days, db);
    const whole = toFigures(counted.whole);
    const exposed = by === 'category' || by === 'clause' ? whole.exposed : undefined;
    return {
      whole: { ...whole, review: reviewOf(null) },
      groups: groups.map(({ group, row }) => ({ group, ...toFigures(row, exposed), review: reviewOf(group) })),
    };
  }

  /** The figures of everything, but for those of review. @param db where it finds COUNTED_VIEWS */
  async whole(db: ViewQueries): Promise<Omit<SafetyFigures, 'review'>> {
    const { whole } = await this.counted(db, undefined, {});
    return toFigures(whole);
  }

  private async counted(db: ViewQueries, by: CountedGrouping | undefined, { from = '', to = '' }: Days) {
    const prefix = by === undefined ? 'all' : `${by}:`;
    const { rows } = await queryView(db, {
      text: this.text,
      values: [prefix + from, `${prefix}${to}\u{10FFFF}`],
    });
    return {
      whole: rows.find(({ bucket }) => bucket === 'all') ?? {},
      groups: rows
        .filter(({ bucket }) => bucket !== 'all')
        .map((row) => ({ group: row.bucket.slice(prefix.length) as string, row })),
    };
  }

  private async computed(db: ViewQueries, by: ComputedGrouping) {
    const { rows } = await queryView(db, { text: GROUP_COUNTS[by] });
    return rows.map((row) => ({ group: row.group_name as string, row }));
  }
}

function toFigures(row: Record<string, string | null | undefined>, allExposed?: number): Omit<SafetyFigures, 'review'> {
  const counts = Object.fromEntries(SAFETY_COUNTS.map((name) => [name, Number(row[name] ?? 0)])) as SafetyCounts;
  return {
    ...safetyMetrics(counts, allExposed),
    backlog: counts.cases_open,
    deactivated: Number(row.deactivated ?? 0),
    reinstated: Number(row.reinstated ?? 0),
  };
}
