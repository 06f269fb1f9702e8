import { type EventDefinition, type RecordedOf, typesOf } from '../events/event-definition.js';
import { isUsable } from '../kernel/decider.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import type { ArrayElement } from '../platform/database/array-parameters.js';

/**
 * A read model: rows folded from events, one row per key, and counters derived from how rows change.
 *
 * The engine reads a page of events, loads the rows of their keys, folds them in memory, writes them in one set-based
 * statement per table and moves the checkpoint in the same transaction. A view is therefore pure functions without SQL,
 * and replaying the log produces the same rows byte for byte.
 */
export interface View<Row extends ViewRow = ViewRow> {
  /** Kebab-case; its tables live in the schema `view_{name}` with underscores. */
  name: string;
  /** Increment it with any change of shape or meaning; the new version is built beside the old one. */
  version: number;
  /** One sentence for `views list`. */
  summary: string;
  /** The event types it reads; the engine passes no others. */
  types: readonly string[];
  table: RowTable<Row>;
  /** The keys of the rows that an event concerns. Work is sharded and failures are parked by key. */
  keys(event: RecordedEvent): readonly string[];
  /**
   * The row after the event, or undefined for no row. Pure, and correct for any order in which different sources may
   * deliver (a flag before the image it flags) and for redelivered events.
   * @param row the row before, undefined if there is none; never changed in place
   */
  evolve(row: Row | undefined, event: RecordedEvent, key: string): Row | undefined;
  /** Totals, updated by the difference between a row's new and old contribution. */
  counters?: CounterTable<Row>;
}

/** A view typed from the events it reads: in `keys` and `evolve` a check of `event.type` narrows `event.data`. */
export interface ViewDefinition<Row extends ViewRow, Definition extends EventDefinition>
  extends Pick<View<Row>, 'name' | 'version' | 'summary' | 'counters'> {
  events: readonly Definition[];
  table: RowTable<NoInfer<Row>>;
  keys(event: RecordedOf<Definition>): readonly string[];
  evolve(row: Row | undefined, event: RecordedOf<Definition>, key: string): Row | undefined;
}

export const defineView = <Row extends ViewRow, Definition extends EventDefinition>({
  events,
  ...view
}: ViewDefinition<Row, Definition>): View<Row> => ({ ...view, types: typesOf(events) });

/** The keys that an event names that are strings, and what is wrong with it if others are not. */
export interface NamedKeys {
  keys: readonly string[];
  fault?: string;
}

/** Of a usable event. Only one that was appended past the checks names keys that are no strings. */
export function namedKeys({ keys }: Pick<View, 'keys'>, event: RecordedEvent): NamedKeys {
  try {
    const found: unknown = keys(event);
    const all: readonly unknown[] | undefined = Array.isArray(found) ? found : undefined;
    const strings = all?.filter((key) => typeof key === 'string') ?? [];
    return strings.length === all?.length ? { keys: strings } : { keys: strings, fault: 'what it names is no string' };
  } catch (error) {
    return { keys: [], fault: `what it names can't be read: ${(error as Error).message}` };
  }
}

/** The keys of a usable event; none of one whose keys are not all strings. */
export function keysIn(view: Pick<View, 'keys'>, event: RecordedEvent): readonly string[] {
  const { keys, fault } = namedKeys(view, event);
  return fault === undefined ? keys : [];
}

/** The row that usable events come to, in the order of the log; undefined for none. */
export function rowAfter<Row extends ViewRow>(
  view: Pick<View<Row>, 'types' | 'evolve'>,
  key: string,
  events: readonly RecordedEvent[],
): Row | undefined {
  const read = events.filter((event) => isUsable(event) && view.types.includes(event.type));
  return read.reduce<Row | undefined>((row, event) => view.evolve(row, event, key), undefined);
}

// biome-ignore lint/suspicious/noExplicitAny: a row's values are typed at its view
export type ViewRow = Record<string, any>;

export interface Column<Value = unknown> {
  type: ArrayElement;
  nullable?: boolean;
  /** Only the compiler sees it: the type of the values. */
  value?: Value;
}

/** The rows of a table with these columns. */
export type RowOf<Columns> = { [Name in keyof Columns]: Columns[Name] extends Column<infer Value> ? Value : never };

export const text = <Value extends string = string>(): Column<Value> => ({ type: 'text' });
export const int4 = (): Column<number> => ({ type: 'int4' });
export const int8 = (): Column<number> => ({ type: 'int8' });
export const bool = (): Column<boolean> => ({ type: 'bool' });
/** Epoch milliseconds. */
export const timestamptz = (): Column<number> => ({ type: 'timestamptz' });
/** Any JSON value. */
export const jsonb = <Value>(): Column<Value> => ({ type: 'jsonb' });
export const nullable = <Value>(column: Column<Value>): Column<Value | null> => ({ ...column, nullable: true });

export interface RowTable<Row> {
  name: string;
  /** The key column; its type is text. */
  key: keyof Row & string;
  /** Every column in order, the key too. */
  columns: { [Name in keyof Row & string]-?: Column };
  /** Further indexes, as the part of CREATE INDEX behind the table's name: `(status, opened_at) WHERE …`. */
  indexes?: readonly string[];
}

/** Sums per text key, in columns of int8. A row of the table is a bucket: a day, a category, a cohort. */
export interface CounterTable<Row> {
  name: string;
  columns: readonly string[];
  /** Further indexes, as those of the rows; on nothing but `bucket`, or counting would move entries. */
  indexes?: readonly string[];
  /** The contribution of a row per bucket; the engine adds the difference between the new and the old row. */
  contribution(row: Row): readonly { bucket: string; amounts: Record<string, number> }[];
}
