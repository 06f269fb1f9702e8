import type pg from 'pg';
import type { EventStore } from '../../event-store/event-store.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import { isEntityId } from '../../kernel/text-forms.js';
import type { View } from '../../projections/view.js';
import { queryView } from '../../projections/view-query.js';
import type { ViewReader } from '../../projections/view-reader.js';
import { viewTable } from '../../projections/view-tables.js';
import type { Range, Row, RowPage } from './dataset.js';

export interface StreamRows {
  /** A view with a row for each stream. */
  // biome-ignore lint/suspicious/noExplicitAny: each view has a row of its own
  view: View<any>;
  /** Its key: the id in the name of the stream. */
  key: string;
  category: string;
  /** @param events of the stream up to the end of the range; @returns undefined if it began outside of the range */
  rowOf(id: string, events: readonly RecordedEvent[]): Row | undefined;
}

/**
 * One row for each stream, in the order of the ids. The view only says which streams there are: a row is folded from the
 * stream's own events up to the end of the range, whatever came after it.
 */
export class StreamPages {
  constructor(
    private readonly pool: pg.Pool,
    private readonly store: Pick<EventStore, 'readStream'>,
    private readonly reader: ViewReader,
    private readonly waitMs: number,
  ) {}

  /** @throws NotCaughtUp if the view has not reached the end of the range */
  async page(
    { view, key, category, rowOf }: StreamRows,
    { to }: Range,
    place: string | undefined,
    limit: number,
  ): Promise<RowPage> {
    if (place !== undefined && !isEntityId(place)) {
      throw new InvalidInput([{ field: 'place', message: 'must be the next of an earlier page of this export' }]);
    }
    await this.reader.reached(view, to, this.waitMs);
    const found = await queryView(this.pool, {
      text: `SELECT ${key} AS id FROM ${viewTable(view)} WHERE ${key} > $1 ORDER BY ${key} LIMIT $2`,
      values: [place ?? '', limit],
    });
    const ids: string[] = found.rows.map(({ id }) => id);
    // Streams that are read at once share queries.
    const rows = await Promise.all(
      ids.map(async (id) => {
        const events = await this.store.readStream(`${category}-${id}`);
        return rowOf(id, upTo(events, to));
      }),
    );
    const given = rows.filter((row) => row !== undefined);
    return ids.length < limit ? { rows: given } : { rows: given, next: ids.at(-1)! };
  }
}

function upTo(events: readonly RecordedEvent[], to: number): readonly RecordedEvent[] {
  const beyond = events.findIndex(({ position }) => position > to);
  return beyond === -1 ? events : events.slice(0, beyond);
}
