import { AS_TEXT } from '../../event-store/postgres/event-rows.js';
import { readStoredRows } from '../../event-store/postgres/stored-rows.js';
import type { Position } from '../../kernel/envelope.js';
import type { Pool } from '../../platform/database/database.js';
import { HASH_BYTES } from '../tlog/merkle-tree.js';
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

/** As one value: 8,000 rows of 32 bytes cost this process more to receive than to hash. Materialized, or the server makes each twice. */
const ENTRIES = {
  name: 'gatehouse_read_entries',
  text: `WITH head AS (SELECT position FROM log.head), page AS MATERIALIZED (
           SELECT e.position,
             CASE WHEN ${IS_AS_STORED} AND ${IS_PLAIN_TIME} THEN sha256(convert_to(${TEXT}, 'UTF8')) END AS entry
           FROM (
             SELECT * FROM log.events WHERE position > $1 AND position <= LEAST((SELECT position FROM head), $3)
             ORDER BY position LIMIT $2
           ) e LEFT JOIN log.streams s ON s.id = e.stream_id)
         SELECT (SELECT position FROM head), count(*), min(position), max(position), count(entry),
           string_agg(entry, '' ORDER BY position) FROM page`,
};

/** `\x` before the digits. */
const PREFIX = 2;

/**
 * The entries of the events after a position, with the position that the log says it ends at. The server makes them, so that
 * what it stores of an event need not be sent: of a page with some from before the log of leaves, or with copies, it sends
 * the rows.
 * @param upTo the last position that is read
 */
export async function readEntries(
  pool: Pool,
  after: Position,
  limit: number,
  upTo: Position = Number.MAX_SAFE_INTEGER,
): Promise<{ leaves: Leaf[]; head: Position }> {
  const query = { ...ENTRIES, values: [after, limit, upTo], rowMode: 'array' as const, types: AS_TEXT };
  const [row] = (await pool.query(query)).rows as [[string, string, string, string, string, string | null]];
  const [head, count, first, last, made] = row.map(Number) as [number, number, number, number, number];
  if (count === 0) return { leaves: [], head };
  const isPlain = made === count && last - first + 1 === count;
  const leaves = isPlain ? leavesFrom(first, row[5]!) : await leavesOfRows(pool, after, limit, Math.min(head, upTo));
  return { leaves, head };
}

function leavesFrom(first: Position, digits: string): Leaf[] {
  const bytes = Buffer.from(digits.slice(PREFIX), 'hex');
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, n) => ({
    position: first + n,
    entry: bytes.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES),
  }));
}

async function leavesOfRows(pool: Pool, after: Position, limit: number, upTo: Position): Promise<Leaf[]> {
  const { rows } = await readStoredRows(pool, after, limit);
  return rows
    .filter(({ position }) => position <= upTo)
    .map((row) => ({ position: row.position, entry: entryOfRow(row) }));
}
