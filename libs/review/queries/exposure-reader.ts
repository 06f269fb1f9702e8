import { Inject, Injectable } from '@nestjs/common';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { POOL, SETTINGS } from '../../platform/ports.js';
import type { ViewRow } from '../../projections/view.js';
import { viewLookup } from '../../projections/view-lookup.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable } from '../../projections/view-tables.js';
import { isBreakAdvised, type Stretch } from '../exposure.js';
import { dayKey, EXPOSURE_COLUMNS, EXPOSURE_COUNTS, exposureView, stretchOf, wholeKey } from '../views/exposure.js';

/** A sum over one person shows that person, and one over two shows each to the other. */
export const FEWEST_IN_SUM = 3;

export type Exposed = Record<(typeof EXPOSURE_COUNTS)[number], number>;

export interface OwnExposure {
  today: Exposed;
  total: Exposed;
  stretch: Stretch | undefined;
  /** The view's position. */
  asOf: number;
}

/** Reads how much reviewers have looked at. */
@Injectable()
export class ExposureReader {
  private readonly find: ReturnType<typeof viewLookup>;

  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'breakMinutes' | 'breakReveals'>,
  ) {
    this.find = viewLookup(pool, exposureView, EXPOSURE_COLUMNS);
  }

  /** As of a moment ago. @param day in UTC */
  async of(reviewer: string, day: string): Promise<OwnExposure> {
    const [whole, today] = await Promise.all([this.find(wholeKey(reviewer)), this.find(dayKey(day, reviewer))]);
    return {
      today: countsIn(today.row),
      total: countsIn(whole.row),
      stretch: stretchOf(storedStretch(whole.row)),
      asOf: whole.asOf,
    };
  }

  async stretch(reviewer: string): Promise<Stretch | undefined> {
    return stretchOf(storedStretch((await this.find(wholeKey(reviewer))).row));
  }

  /** How many of the cases that they claimed last name a clause of the highest severity, without another between. */
  async severeInARow(reviewer: string): Promise<{ inARow: number; asOf: number }> {
    const { row, asOf } = await this.find(wholeKey(reviewer));
    return { inARow: row?.severe_in_a_row ?? 0, asOf };
  }

  /** @param now epoch milliseconds */
  isBreakAdvised(stretch: Stretch | undefined, now: number): boolean {
    return isBreakAdvised(stretch, this.settings, now);
  }

  /** The sums over all reviewers of the latest days on which at least FEWEST_IN_SUM did anything, newest first. */
  async days(limit: number): Promise<(Exposed & { day: string; reviewers: number })[]> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${counterTable(exposureView)} WHERE reviewers >= $2 ORDER BY bucket COLLATE "C" DESC LIMIT $1`,
      values: [limit, FEWEST_IN_SUM],
    });
    return rows.map((row) => ({ day: row.bucket, reviewers: Number(row.reviewers), ...countsIn(row) }));
  }
}

const countsIn = (row: ViewRow = {}): Exposed =>
  Object.fromEntries(EXPOSURE_COUNTS.map((name) => [name, Number(row[name] ?? 0)])) as Exposed;

/** The driver returns times as dates. */
const storedStretch = (row: ViewRow = {}) => ({
  stretch_since: row.stretch_since?.getTime() ?? null,
  stretch_until: row.stretch_until?.getTime() ?? null,
  stretch_full: row.stretch_full ?? 0,
});
