import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { atMostEach } from '../../kernel/at-most-each.js';
import { type Clock, toIso, WEEK_MS } from '../../kernel/clock.js';
import type { Position } from '../../kernel/envelope.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { ViewReader } from '../../projections/view-reader.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { cohortsView } from '../views/cohorts.js';
import { onboardingsView } from '../views/onboardings.js';

/** All people of two weeks are read, so a scrape gets what may be so old. */
const MAX_AGE_MS = 60_000;

/**
 * SQL: by how many people the rate was exceeded in seven days that ended after `$1`, at most; 0 if it was kept. Each seven days end
 * with a person, and have the rate in force at the latest admission of anybody onboarded until then. `$2` is a week before `$1`,
 * `$3` how far the cohorts are: whose admission is not there yet is not counted yet. People whom nobody admitted count against the rate before them, or none.
 */
const EXCEEDED = `
  WITH people AS (
    SELECT onboarded_at, coalesce(admission, 0) AS admission
    FROM ${viewTable(onboardingsView)} o LEFT JOIN ${viewTable(cohortsView)} USING (cohort_id)
    WHERE onboarded_at > $2 AND o.position <= $3
  ), weeks AS (
    SELECT onboarded_at,
      count(*) OVER (ORDER BY onboarded_at RANGE BETWEEN interval '${WEEK_MS - 1} milliseconds' PRECEDING AND CURRENT ROW) AS people,
      max(admission) OVER (ORDER BY onboarded_at) AS admission
    FROM people
  )
  SELECT coalesce(max(people - coalesce(per_week, 0)), 0)::int AS people
  FROM weeks LEFT JOIN ${viewTable(cohortsView)} USING (admission) WHERE onboarded_at > $1`;

const REPEATED = `SELECT people::int FROM ${counterTable(onboardingsView)} WHERE bucket = 'repeated'`;

/** By how many people any seven days that ended within seven days before now exceeded the rate; at least 0. @param now epoch milliseconds */
export async function peopleAboveRate(db: Pick<pg.Pool, 'query'>, now: number, cohortsAt: Position): Promise<number> {
  const values = [toIso(now - WEEK_MS), toIso(now - 2 * WEEK_MS), cohortsAt];
  const { rows } = await queryView(db, { text: EXCEEDED, values });
  return Math.max(0, rows[0].people);
}

/**
 * Checks what was stored against what the decisions promise: that no seven days exceed the rate, and that nobody is onboarded
 * twice. Every process reports the same values, up to a minute apart.
 */
@Injectable()
export class OnboardingCheck implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(ViewReader) private readonly reader: ViewReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { pool, reader, clock } = this;
    this.metrics.readGauge(
      'rollout_people_above_rate',
      'People by whom seven days that ended in the last seven days exceeded the rate then in force, at most',
      [],
      atMostEach(MAX_AGE_MS, clock, async () => {
        const cohortsAt = await reader.position(cohortsView);
        return [{ value: await peopleAboveRate(pool, clock.now(), cohortsAt) }];
      }),
    );
    this.metrics.readGauge(
      'rollout_people_onboarded_twice',
      'People who were onboarded more than once',
      [],
      async () => {
        const { rows } = await queryView(pool, { text: REPEATED });
        return [{ value: rows[0]?.people ?? 0 }];
      },
    );
  }
}
