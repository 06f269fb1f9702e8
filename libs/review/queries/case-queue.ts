import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Listing, type Page } from '../../http/paging.js';
import { ownersOf } from '../../images/index.js';
import type { Actor } from '../../kernel/envelope.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView } from '../views/cases.js';
import { CaseEntries, type CaseEntry, rowOf } from './case-entry.js';
import type { Waiting } from './case-fields.js';
import { type CaseFilter, conditionsOf, NOW_GIVEN } from './case-filter.js';
import { boundIn, type CaseOrder, orderOf, placeIn } from './case-order.js';

interface Asked {
  limit: number;
  cursor?: string | undefined;
  /** That of the list of such cases by default. */
  order?: CaseOrder;
}

/** Lists cases from their view. */
@Injectable()
export class CaseQueue {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CaseEntries) private readonly entries: CaseEntries,
  ) {}

  /** @throws InvalidInput for the cursor of a list with another filter or order */
  async page(
    reader: Actor,
    filter: CaseFilter,
    { limit, cursor, order = orderOf(filter.status) }: Asked,
    waiting: Waiting,
  ): Promise<Page<CaseEntry>> {
    const values: unknown[] = [waiting.now];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const conditions = conditionsOf(filter, placeOf);
    const listing = listingOf(filter, order);
    const [place, id] = listing.after(cursor, ['number', 'id']) ?? [];
    const [direction, beyond] = order.isAscending ? ['ASC', '>'] : ['DESC', '<'];
    if (place !== undefined)
      conditions.push(`(${order.column}, case_id) ${beyond} (${boundIn(order, placeOf(place))}, ${placeOf(id)}::text)`);
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, ${placeIn(order)} AS place FROM ${viewTable(casesView)} WHERE ${[NOW_GIVEN, ...conditions].join(' AND ')}
       ORDER BY ${order.column} ${direction}, case_id ${direction} LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    const owners = await ownersOf(
      this.pool,
      rows.map(({ image_id }) => image_id),
    );
    return listing.page(
      rows,
      limit,
      ({ place: _, ...row }) => this.entries.of(rowOf(row), owners.get(row.image_id), reader, waiting),
      ({ place: at, case_id }) => [Number(at), case_id],
    );
  }
}

/** Lists that were asked for in other words are the same if they have the same order in the end. */
function listingOf(filter: CaseFilter, { column, isAscending }: CaseOrder): Listing {
  const { isWithoutGolden: _, blind: __, isEscalated: escalated, ...asked } = filter;
  return new Listing('cases', { ...asked, escalated, order: `${column} ${isAscending ? 'asc' : 'desc'}` });
}
