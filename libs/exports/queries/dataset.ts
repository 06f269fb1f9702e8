import type { EventMetadata, Position } from '../../kernel/envelope.js';

/**
 * The type of a column: `json` is any JSON value, `time` a time in RFC 3339, `integer` below 2^53. Each but the key may be null.
 */
export const COLUMN_TYPES = ['text', 'integer', 'number', 'flag', 'time', 'json'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

export interface Column {
  name: string;
  type: ColumnType;
  meaning: string;
}

export type Row = Record<string, unknown>;

/** The events after `after` up to `to`. */
export interface Range {
  after: Position;
  to: Position;
}

export interface RowPage {
  rows: Row[];
  /** The place to go on after; absent after the last row. */
  next?: string;
}

/** Rows that follow from the events of a range alone, so that each reading of the same export gives the same rows. */
export interface Dataset {
  summary: string;
  /** In the order of the exported files. */
  columns: readonly Column[];
  /**
   * @param place that of an earlier page, of which this is the next; undefined for the first page
   * @param limit the most rows
   */
  page(range: Range, place: string | undefined, limit: number): Promise<RowPage>;
}

/** The columns of who caused an event. */
export const ACTOR_COLUMNS: readonly Column[] = [
  { name: 'actorKind', type: 'text', meaning: 'Whether a person, a service or a process caused it.' },
  { name: 'actor', type: 'text', meaning: 'Who caused it.' },
  { name: 'role', type: 'text', meaning: 'The role that was used.' },
];

/** Of a broken event nothing is sure. */
export const actorOf = ({ metadata }: { metadata: Partial<EventMetadata> }) => ({
  actorKind: metadata.actor?.kind ?? null,
  actor: metadata.actor?.id ?? null,
  role: metadata.actor?.role ?? null,
});
