import type { Position } from '../../kernel/envelope.js';
import type { Pool } from '../../platform/database/database.js';
import { AS_TEXT, type Row } from './event-rows.js';
import { READ_ALL } from './statements.js';

/** An event exactly as the tables have it, nothing of it parsed. */
export interface StoredRow {
  position: Position;
  /** Null if the stream is missing. */
  stream: string | null;
  revision: number;
  id: string;
  type: string;
  /** As the server writes it. */
  recordedAt: string;
  data: string;
  metadata: string;
}

/** Events after a position, in the order of the log, with the position that the log says it ends at. */
export async function readStoredRows(
  pool: Pool,
  after: Position,
  limit: number,
): Promise<{ rows: StoredRow[]; head: Position }> {
  const query = { ...READ_ALL, values: [after, limit], rowMode: 'array' as const, types: AS_TEXT };
  const found = (await pool.query(query)).rows as Row[];
  const rows = found.filter((row) => row[2] !== null).map(toStoredRow);
  return { rows, head: Number(found[0]![0]) };
}

const toStoredRow = ([, stream, position, revision, id, type, recordedAt, data, metadata]: Row): StoredRow => ({
  position: Number(position),
  stream,
  revision: Number(revision),
  id,
  type,
  recordedAt,
  data,
  metadata,
});
