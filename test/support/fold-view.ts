import type { EventDefinition, RecordedOf } from '../../libs/events/event-definition.js';
import type { JsonObject, RecordedEvent } from '../../libs/kernel/envelope.js';
import type { View, ViewRow } from '../../libs/projections/view.js';

/** An event as the log would hold it; the position gives its id and its minute unless they are given. */
export function recorded(
  position: number,
  type: string,
  data: JsonObject,
  {
    id = `event-${String(position).padStart(6, '0')}`,
    time = new Date(Date.UTC(2022, 4, 18, 9, position)).toISOString(),
  } = {},
): RecordedEvent {
  const actor = { kind: 'process', id: 'spec' } as const;
  const metadata = { source: '/spec', subject: 'spec', time, schemaversion: 1, correlationid: id, actor };
  return { id, type, data, metadata, stream: 'spec', revision: position - 1, position, recordedAt: time };
}

/** A recorded event of a definition, with the definition's example as its data, changed as given. */
export const recordedOf = <Definition extends EventDefinition>(
  position: number,
  { type, example }: Definition,
  change: Partial<Definition['example']> = {},
) => recorded(position, type, { ...example, ...change }) as RecordedOf<Definition>;

/** Folds events into the rows and counters of a view without a database. Rows go through JSON as they would there. */
export function foldView<Row extends ViewRow>(view: View<Row>, events: readonly RecordedEvent[]) {
  const rows = new Map<string, Row>();
  for (const event of events) {
    if (!view.types.includes(event.type)) continue;
    for (const key of view.keys(event)) {
      const before = Object.freeze(rows.get(key));
      const after = view.evolve(before, event, key);
      if (after) rows.set(key, JSON.parse(JSON.stringify(after)));
      else rows.delete(key);
    }
  }
  return {
    rows: Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1))),
    counters: count(view, [...rows.values()]),
  };
}

/** The view after each prefix of a history: folded once, and with the prefix replayed backwards after it. */
export function replay<Row extends ViewRow>(view: View<Row>, history: readonly RecordedEvent[]) {
  const prefixes = history.map((_, end) => history.slice(0, end + 1));
  return {
    once: prefixes.map((events) => foldView(view, events)),
    replayed: prefixes.map((events) => foldView(view, [...events, ...events.toReversed()])),
  };
}

function count<Row extends ViewRow>({ counters }: View<Row>, rows: readonly Row[]) {
  const totals: Record<string, Record<string, number>> = {};
  for (const row of rows) {
    for (const { bucket, amounts } of counters?.contribution(row) ?? []) {
      const sums = totals[bucket] ?? {};
      totals[bucket] = sums;
      for (const [column, amount] of Object.entries(amounts)) sums[column] = (sums[column] ?? 0) + amount;
    }
  }
  return totals;
}
