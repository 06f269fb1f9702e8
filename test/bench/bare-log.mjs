import pg from 'pg';
import { arrayParameter } from '../../dist/libs/platform/database/array-parameters.js';

const INSERT = {
  name: 'bare_insert',
  text: `INSERT INTO events (stream, revision, id, type, recorded_at, data, metadata)
         SELECT $1, $2::bigint + ord, id, type, now(), data, metadata
         FROM unnest($3::uuid[], $4::text[], $5::json[], $6::json[]) WITH ORDINALITY e(id, type, data, metadata, ord)`,
};

const UNIQUE_KEYS = ', UNIQUE (id), UNIQUE (stream, revision)';

/**
 * The minimum that stores the same rows: one table and one statement per batch, on as many connections as there are lanes.
 * It checks no expected revision, and its positions come from a sequence, so a reader could miss one. It sends parameters
 * in the same binary form as ours, so that quoting does not slow the yardstick down.
 * @param unique whether the table has the keys of a log: unique ids, and one event per revision of a stream
 */
export async function openBareLog(connection, connections, unique) {
  const pool = new pg.Pool({ ...connection, max: connections });
  await pool.query(`CREATE TABLE events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text NOT NULL, revision bigint NOT NULL,
    id uuid NOT NULL, type text NOT NULL, recorded_at timestamptz NOT NULL, data json NOT NULL, metadata json NOT NULL
    ${unique ? UNIQUE_KEYS : ''}
  )`);
  return {
    append: (stream, revision, events) =>
      pool.query({
        ...INSERT,
        values: [
          stream,
          revision,
          arrayParameter(
            'uuid',
            events.map((event) => event.id),
          ),
          arrayParameter(
            'text',
            events.map((event) => event.type),
          ),
          arrayParameter(
            'json',
            events.map((event) => JSON.stringify(event.data)),
          ),
          arrayParameter(
            'json',
            events.map((event) => JSON.stringify(event.metadata)),
          ),
        ],
      }),
    close: () => pool.end(),
  };
}
