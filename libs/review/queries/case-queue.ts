import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { type Page, readCursor, toPage } from '../../http/paging.js';
import { ownersOf } from '../../images/index.js';
import type { Actor } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
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

  /** @throws InvalidInput for the cursor of a list in another order */
  async page(
    reader: Actor,
    filter: CaseFilter,
    { limit, cursor, order = orderOf(filter.status) }: Asked,
    waiting: Waiting,
  ): Promise<Page<CaseEntry>> {
    const values: unknown[] = [waiting.now];
    const placeOf = (value: unknown) => `$${values.push(value)}`;
    const conditions = conditionsOf(filter, placeOf);
    const after = placeAfter(cursor, order);
    const [direction, beyond] = order.isAscending ? ['ASC', '>'] : ['DESC', '<'];
    if (after)
      conditions.push(
        `(${order.column}, case_id) ${beyond} (${boundIn(order, placeOf(after.place))}, ${placeOf(after.id)}::text)`,
      );
    const { rows } = await queryView(this.pool, {
      text: `SELECT *, ${placeIn(order)} AS place FROM ${viewTable(casesView)} WHERE ${[NOW_GIVEN, ...conditions].join(' AND ')}
       ORDER BY ${order.column} ${direction}, case_id ${direction} LIMIT ${placeOf(limit + 1)}`,
      values,
    });
    const owners = await ownersOf(
      this.pool,
      rows.map(({ image_id }) => image_id),
    );
    return toPage(
      rows,
      limit,
      ({ place: _, ...row }) => this.entries.of(rowOf(row), owners.get(row.image_id), reader, waiting),
      ({ place, case_id }) => [...(order.tag === undefined ? [] : [order.tag]), Number(place), case_id],
    );
  }
}

function placeAfter(cursor: string | undefined, { tag }: CaseOrder): { place: number; id: string } | undefined {
  if (tag === undefined) {
    const [place, id] = readCursor(cursor, ['number', 'id']) ?? [];
    return place === undefined ? undefined : { place: place as number, id: id as string };
  }
  const [of, place, id] = readCursor(cursor, ['id', 'number', 'id']) ?? [];
  if (of === undefined) return undefined;
  if (of === tag) return { place: place as number, id: id as string };
  const message = `is of a list in the order ${of}, and this one is in the order ${tag}: leave it out, or ask for that order`;
  throw new InvalidInput([{ field: 'cursor', message }]);
}
