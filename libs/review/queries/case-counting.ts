import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Actor } from '../../kernel/envelope.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import { inSnapshot } from '../../platform/database/in-transaction.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import {
  type CaseCell,
  CELL_CATEGORY,
  CELL_REVIEWER,
  type CountedCase,
  cellOf,
  cellsOf,
  IS_CELL,
} from '../case-cells.js';
import { WAITS } from '../case-rows.js';
import { casesView } from '../views/cases.js';
import type { CaseStatus } from './case-fields.js';
import { type CaseFilter, conditionsOf, IS_CLAIMED, IS_KEPT, NOW_GIVEN } from './case-filter.js';
import { type Counted, countOf, type Facets, facetsOf } from './case-tally.js';
import { seesOrigin } from './reviewing-roles.js';

/** What of the matching cases is counted. */
export interface Wanted {
  count: boolean;
  facets: boolean;
}

export interface CaseCounting {
  count?: number;
  facets?: Partial<Facets>;
}

const COUNTED = 'status, queue, origin, is_escalated, categories, reviewers';
const CASES = viewTable(casesView);

interface LiveCase extends CountedCase {
  claimant: string | null;
  kept_for: string | null;
}

/**
 * Counts the cases of a filter. The view counts alike cases as they change, so the number of cases matters only if the filter
 * names an account or a time: then its cases are counted, or those that it leaves out if they are fewer. What the clock
 * changes, claims and reservations, is read from the few cases that have them.
 */
@Injectable()
export class CaseCountReader {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** @param now epoch milliseconds */
  async of(reader: Actor, filter: CaseFilter, wanted: Wanted, now: number): Promise<CaseCounting> {
    if (!wanted.count && !wanted.facets) return {};
    const { cells, live } = await inSnapshot(this.pool, async (db) => ({
      cells: await cellsFor(db, filter, wanted, now),
      live: await liveCases(db, filter, now),
    }));
    const { blind } = filter;
    const counted = [
      ...cells.flatMap((cell) => waitingAsOpen(cell, blind)),
      ...live.flatMap((row) => corrections(row, blind)),
    ].filter(({ origin }) => !(filter.isWithoutGolden && origin === 'golden'));
    const { origin, ...facets } = wanted.facets ? facetsOf(counted, filter) : ({} as Partial<Facets>);
    return {
      ...(wanted.count && { count: countOf(counted, filter) }),
      ...(wanted.facets && { facets: { ...facets, ...(seesOrigin(reader) && { origin: origin! }) } }),
    };
  }
}

type Database = Pick<pg.ClientBase, 'query'>;

async function cellsFor(db: Database, filter: CaseFilter, wanted: Wanted, now: number): Promise<(CaseCell & Sum)[]> {
  const { account, openedBefore, openedAfter } = filter;
  if (account === undefined && openedBefore === undefined && openedAfter === undefined)
    return countedCells(db, filter, wanted);
  if (account !== undefined || !(await isMost(db, filter))) return cellsOfRows(db, beyondCells(filter), now);
  const values: unknown[] = [now];
  const placeOf = (value: string) => `$${values.push(value)}::timestamptz`;
  const outside = [
    ...(openedBefore === undefined ? [] : [`opened_at >= ${placeOf(openedBefore)}`]),
    ...(openedAfter === undefined ? [] : [`opened_at <= ${placeOf(openedAfter)}`]),
  ];
  const leftOut = await grouped(db, `${NOW_GIVEN} AND (${outside.join(' OR ')})`, values);
  return [...(await countedCells(db, filter, wanted)), ...leftOut.map((cell) => ({ ...cell, cases: -cell.cases }))];
}

/** Whether more than half of the time in which cases were opened is in the filter's. */
async function isMost(db: Database, { openedBefore, openedAfter }: CaseFilter): Promise<boolean> {
  const ms = (end: string) => `(extract(epoch FROM ${end}(opened_at)) * 1000)::float8`;
  const text = `SELECT ${ms('min')} AS first, ${ms('max')} AS last FROM ${CASES}`;
  const { first, last } = (await queryView(db, { text })).rows[0];
  const from = openedAfter === undefined ? first : Math.max(first, Date.parse(openedAfter));
  const to = openedBefore === undefined ? last : Math.min(last, Date.parse(openedBefore));
  return to - from > (last - first) / 2;
}

/** Those of the view’s counters, without pairs that no count needs. */
async function countedCells(
  db: Database,
  { category, reviewer }: CaseFilter,
  { facets }: Wanted,
): Promise<(CaseCell & Sum)[]> {
  const isCategory = `${CELL_CATEGORY} = ANY($1::text[])`;
  const isReviewer = `${CELL_REVIEWER} = ANY($2::text[])`;
  const { rows } = await queryView(db, {
    text: `SELECT bucket, cases FROM ${counterTable(casesView)}
      WHERE ${IS_CELL} AND (${isCategory} ${facets ? 'OR' : 'AND'} ${isReviewer})`,
    values: [
      arrayParameter('text', ['', ...(category === undefined ? [] : [category])]),
      arrayParameter('text', ['', ...(reviewer === undefined ? [] : [reviewer])]),
    ],
  });
  return rows.map((row) => ({ ...cellOf(row.bucket), cases: Number(row.cases) }));
}

function cellsOfRows(db: Database, filter: CaseFilter, now: number): Promise<(CaseCell & Sum)[]> {
  const { where, values } = matching(filter, now);
  return grouped(db, where, values);
}

async function grouped(db: Database, where: string, values: unknown[]): Promise<(CaseCell & Sum)[]> {
  const text = `SELECT ${COUNTED}, count(*) AS cases FROM ${CASES} WHERE ${where} GROUP BY ${COUNTED}`;
  const { rows } = await queryView(db, { text, values });
  return rows.flatMap((row) => cellsOf(row).map((cell) => ({ ...cell, cases: Number(row.cases) })));
}

/** Those that are claimed, kept for somebody or due to them again. */
async function liveCases(db: Database, filter: CaseFilter, now: number): Promise<LiveCase[]> {
  const { where, values } = matching(beyondCells(filter), now);
  const columns = `${COUNTED}, CASE WHEN ${IS_CLAIMED} THEN claimed_by END AS claimant, CASE WHEN ${IS_KEPT} THEN reserved_for END AS kept_for`;
  const text = `SELECT ${columns} FROM ${CASES} WHERE ${where} AND ${WAITS} AND ((${IS_CLAIMED}) OR (${IS_KEPT}))`;
  return (await queryView(db, { text, values })).rows;
}

function matching(filter: CaseFilter, now: number): { where: string; values: unknown[] } {
  const values: unknown[] = [now];
  const conditions = [NOW_GIVEN, ...conditionsOf(filter, (value) => `$${values.push(value)}`)];
  return { where: conditions.join(' AND '), values };
}

interface Sum {
  cases: number;
}

/** What no cell knows. */
const beyondCells = ({ account, openedBefore, openedAfter }: CaseFilter): CaseFilter => ({
  account,
  openedBefore,
  openedAfter,
});

const isKnown = (reviewer: string | null, blind: string | undefined): boolean =>
  reviewer === null || blind === undefined || reviewer === blind;

/** Without what would show a reviewer who else has judged a case that waits. */
function waitingAsOpen({ status, ...cell }: CaseCell & Sum, blind: string | undefined): Counted[] {
  if (status !== 'waiting') return [{ ...cell, status }];
  return isKnown(cell.reviewer, blind) ? [{ ...cell, status: 'open' }] : [];
}

/** What the clock changes in the counts of a case that waits: it is claimed, and it is also of whom it is claimed by or kept for. */
function corrections(row: LiveCase, blind: string | undefined): Counted[] {
  const reviewers = row.reviewers.filter((one) => isKnown(one, blind));
  const as = (status: CaseStatus, cases: number, some: readonly string[]) =>
    cellsOf({ ...row, reviewers: some }).map((cell) => ({ ...cell, status, cases }));
  const status = row.claimant === null ? 'open' : 'claimed';
  const others = [...new Set([row.claimant, row.kept_for])].filter((one) => one !== null && !reviewers.includes(one));
  return [
    ...(status === 'claimed' ? [...as('open', -1, reviewers), ...as('claimed', 1, reviewers)] : []),
    ...as(status, 1, others as string[]).filter(({ reviewer }) => reviewer !== null),
  ];
}
