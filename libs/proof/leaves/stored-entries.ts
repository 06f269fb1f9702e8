import { AS_TEXT } from '../../event-store/postgres/event-rows.js';
import { readStoredRows } from '../../event-store/postgres/stored-rows.js';
import type { Position } from '../../kernel/envelope.js';
import type { Pool } from '../../platform/database/database.js';
import type { Leaf } from '../tlog/tree-edge.js';
import { entryOfRow } from './leaf.js';

const NONCE = `,"nonce":"${'_'.repeat(22)}"`;
/**
 * Metadata with a nonce and without a time of its own, as `AS_STORED` in leaf.ts knows it. The server compares with LIKE ten
 * times as fast as with such an expression. An extension may have any of these names but `schemaversion`.
 */
const IS_AS_STORED = `(e.metadata::text LIKE '%${NONCE},"schemaversion":%' OR (
    e.metadata::text LIKE '%${NONCE},"offset":"%","partition":%,"schemaversion":%'
    AND strpos(e.metadata::text, '"extensions":{') = 0 AND strpos(e.metadata::text, '"recordedat":') = 0))`;
/** As a reader of the log sees it: there are years and fractions of a second that it writes in another way. */
const IS_PLAIN_TIME = `e.recorded_at = date_trunc('milliseconds', e.recorded_at)
  AND e.recorded_at BETWEEN '0001-01-01T00:00:00Z' AND '9999-12-31T00:00:00Z'`;
/** The text that `entryOfRow` hashes. */
const TEXT = `'{"data":' || e.data::text || ',"id":"' || e.id || '","metadata":' || e.metadata::text || ',"recordedAt":"'
  || to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","revision":' || e.revision
  || ',"stream":' || to_json(s.name) || ',"type":' || to_json(e.type) || '}'`;

const ENTRIES = {
  name: 'gatehouse_read_entries',
  text: `WITH head AS (SELECT position FROM log.head)
         SELECT head.position, e.position,
           CASE WHEN ${IS_AS_STORED} AND ${IS_PLAIN_TIME} THEN sha256(convert_to(${TEXT}, 'UTF8')) END
         FROM head LEFT JOIN LATERAL (
           SELECT * FROM log.events WHERE position > $1 AND position <= head.position ORDER BY position LIMIT $2
         ) e ON true LEFT JOIN log.streams s ON s.id = e.stream_id ORDER BY e.position`,
};

/** `\x` before the digits. */
const PREFIX = 2;

/**
 * The entries of the events after a position, with the position that the log says it ends at. The server makes them, so that
 * what it stores of an event need not be sent: of those from before the log of leaves, and of copies, it sends the rows.
 */
export async function readEntries(
  pool: Pool,
  after: Position,
  limit: number,
): Promise<{ leaves: Leaf[]; head: Position }> {
  const query = { ...ENTRIES, values: [after, limit], rowMode: 'array' as const, types: AS_TEXT };
  const rows = (await pool.query(query)).rows as [string, string | null, string | null][];
  const head = Number(rows[0]![0]);
  if (rows[0]![1] === null) return { leaves: [], head };
  const rest = rows.some(([, , entry]) => entry === null) ? await entriesOfRows(pool, after, limit) : undefined;
  const leaves = rows.map(([, place, entry]) => {
    const position = Number(place);
    return { position, entry: entry === null ? rest!.get(position)! : Buffer.from(entry.slice(PREFIX), 'hex') };
  });
  return { leaves, head };
}

async function entriesOfRows(pool: Pool, after: Position, limit: number): Promise<Map<Position, Buffer>> {
  const { rows } = await readStoredRows(pool, after, limit);
  return new Map(rows.map((row) => [row.position, entryOfRow(row)]));
}
