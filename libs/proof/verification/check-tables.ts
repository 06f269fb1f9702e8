import type { Pool } from '../../platform/database/database.js';
import { altered } from './log-faults.js';

/** In one statement, so that an append in between changes nothing. */
const HEAD = `SELECT (SELECT position FROM log.head) AS head, coalesce((SELECT max(position) FROM log.events), 0) AS newest`;
const STREAM = `
  SELECT s.name, s.revision, e.revision AS newest, e.position
  FROM log.streams s LEFT JOIN LATERAL (
    SELECT revision, position FROM log.events WHERE stream_id = s.id ORDER BY revision DESC LIMIT 1
  ) e ON true
  WHERE e.revision IS DISTINCT FROM s.revision ORDER BY e.position NULLS FIRST LIMIT 1`;

/**
 * Checks what the tables of the log say besides the events: where it ends, and which revision each stream has.
 * @throws LogAltered
 */
export async function checkHead(pool: Pool): Promise<void> {
  const [{ head, newest }] = (await pool.query(HEAD)).rows;
  if (head === null) altered('head-altered', 'log.head has no row');
  const [ends, last] = [Number(head), Number(newest)];
  if (ends < last) altered('head-altered', `log.head says ${ends}, but there are events up to ${last}`, ends + 1);
  if (ends > last) altered('event-missing', `log.head says ${ends}, but the last event is at ${last}`, last + 1);
}

/** @throws LogAltered */
export async function checkStreams(pool: Pool): Promise<void> {
  const [stream] = (await pool.query(STREAM)).rows;
  if (!stream) return;
  const last = stream.newest === null ? 'it has no events' : `its last event has ${stream.newest}`;
  const position = stream.position === null ? undefined : Number(stream.position);
  altered('stream-altered', `log.streams says revision ${stream.revision} of ${stream.name}, but ${last}`, position);
}
