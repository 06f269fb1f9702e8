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
 * The least that stores the same rows: one table and one statement for a batch, under way on as many connections as
 * there are lanes. It looks at no expected revision, and its positions come from a sequence, so a reader could miss one.
 * The parameters go over in the same binary form as ours: the yardstick is not made slow by quoting.
 * @param unique whether the table keeps the keys of a log: no id twice, one event at a place of a stream
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
