import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Static } from 'typebox';
import { closed, count, instant, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { Listing, type Page } from '../../http/paging.js';
import { toIso } from '../../kernel/clock.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { cohortsView } from '../views/cohorts.js';

export const cohortSelection = oneOf(
  ['first-come', 'listed'],
  'Who is onboarded: the front of the waitlist, or the listed accounts.',
);

export const CohortAnswer = closed({
  cohortId: text('The cohort.'),
  size: orNull(count('The maximum number of people; null for a moment until the view has the admission.')),
  selection: orNull(cohortSelection),
  perWeek: count('The rate in force at the admission.'),
  admittedAt: orNull(instant('When it was admitted.')),
  onboarded: count('People onboarded so far.'),
  status: oneOf(
    ['admitted', 'onboarding', 'onboarded'],
    '`onboarded`: complete, even if fewer people waited than were admitted.',
  ),
  position: position('The position of the last event that reports onboarded accounts; 0 before the first.'),
});
export type CohortAnswer = Static<typeof CohortAnswer>;

export const cohortExample = {
  cohortId: '2022-w20',
  size: 1000,
  selection: 'first-come',
  perWeek: 1000,
  admittedAt: '2022-05-18T09:00:00.000Z',
  onboarded: 1000,
  status: 'onboarded',
  position: '1042',
};

const LISTING = new Listing('cohorts');

const ADMITTED_MS = `coalesce((extract(epoch FROM admitted_at) * 1000)::int8, 0)`;

/** Reads cohorts from their view. */
@Injectable()
export class CohortList {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** The newest first. */
  async page(limit: number, cursor?: string): Promise<Page<CohortAnswer>> {
    const after = LISTING.after(cursor, ['number', 'id']);
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, ${ADMITTED_MS} AS admitted_ms FROM ${viewTable(cohortsView)}
       WHERE $2::int8 IS NULL OR (${ADMITTED_MS}, cohort_id) < ($2::int8, $3::text)
       ORDER BY ${ADMITTED_MS} DESC, cohort_id DESC LIMIT $1`,
      values: [limit + 1, after?.[0] ?? null, after?.[1] ?? null],
    });
    return LISTING.page(rows, limit, toAnswer, (row) => [Number(row.admitted_ms), row.cohort_id]);
  }

  async find(cohortId: string): Promise<CohortAnswer | undefined> {
    const { rows } = await queryView(this.pool, {
      text: `SELECT * FROM ${viewTable(cohortsView)} WHERE cohort_id = $1`,
      values: [cohortId],
    });
    return rows[0] && toAnswer(rows[0]);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
const toAnswer = (row: any): CohortAnswer => ({
  cohortId: row.cohort_id,
  size: row.size,
  selection: row.selection,
  perWeek: row.per_week,
  admittedAt: row.admitted_at && toIso(row.admitted_at),
  onboarded: row.onboarded,
  status: row.status,
  position: String(row.position),
});
