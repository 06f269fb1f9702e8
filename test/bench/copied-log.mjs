import { randomBytes } from 'node:crypto';
import { catalogue } from '../../dist/apps/composition/catalogue.js';
import { factTypes } from '../../dist/libs/history/places/subject-index.js';
import { subjectsOf } from '../../dist/libs/history/subjects.js';
import { copyRows } from '../../dist/libs/platform/database/copy-rows.js';
import { ViewTables, viewSchema } from '../../dist/libs/projections/view-tables.js';
import { stored } from './image-traffic.mjs';
import { onConnection } from './postgres.mjs';

const PAGE = 2_000;
const LANES = 4;
const NONCE_BYTES = 16;
const EVENTS = Object.entries({
  position: 'int8',
  stream_id: 'int8',
  revision: 'int8',
  id: 'uuid',
  type: 'text',
  recorded_at: 'timestamptz',
  data: 'json',
  metadata: 'json',
}).map(([name, type]) => [name, { type }]);
const PLACES = Object.entries({ subject: 'text', position: 'int8' }).map(([name, type]) => [name, { type }]);
const facts = factTypes(catalogue.events);

/** Without indexes rows are copied several times as fast; they are made afterwards. */
const BARE = `
  ALTER TABLE log.events DROP CONSTRAINT events_position, DROP CONSTRAINT events_id, DROP CONSTRAINT events_place;
  ALTER TABLE history.places DROP CONSTRAINT places_pkey;
  SET synchronous_commit = off;`;
const INDEXED = `
  SET statement_timeout = 0;
  SET maintenance_work_mem = '1GB';
  ALTER TABLE log.events ADD CONSTRAINT events_position PRIMARY KEY (position),
    ADD CONSTRAINT events_id UNIQUE (id), ADD CONSTRAINT events_place UNIQUE (stream_id, revision);
  ALTER TABLE history.places ADD PRIMARY KEY (subject, position);`;

/**
 * Copies the facts of a traffic into the tables of an empty log, with the index of subjects as its consumer makes it: a large log in
 * minutes, where appends take hours. Views have their tables, and no rows; leaves are missing.
 */
export async function copyLog(connection, traffic, count) {
  await onConnection(connection, async (client) => {
    await client.query(BARE);
    for (let done = 0; done < count; ) {
      const recordedAt = Date.now();
      const events = stored(traffic.take(Math.min(PAGE, count - done))).map((event, n) => {
        const place = done + n;
        const lane = place % LANES;
        const metadata = { ...event.metadata, nonce: randomBytes(NONCE_BYTES).toString('base64url') };
        return { ...event, metadata, lane, position: place + 1, revision: Math.floor(place / LANES) };
      });
      const rows = events.map((one) => ({ ...one, stream_id: one.lane + 1, recorded_at: recordedAt }));
      const places = events.flatMap((one) =>
        subjectsOf({ ...one, stream: laneOf(one.lane) }, facts.has(one.type)).map((subject) => ({
          subject,
          position: one.position,
        })),
      );
      await Promise.all([
        copyRows(client, 'log.events', EVENTS, rows),
        copyRows(client, 'history.places', PLACES, places),
      ]);
      done += events.length;
    }
    const lanes = Array.from({ length: LANES }, (_, lane) => [
      lane + 1,
      laneOf(lane),
      Math.floor((count - 1 - lane) / LANES),
    ]);
    for (const lane of lanes)
      await client.query('INSERT INTO log.streams (id, name, revision) VALUES ($1, $2, $3)', lane);
    await client.query(`SELECT setval('log.stream_ids', ${LANES})`);
    await client.query(INDEXED);
    await client.query('UPDATE log.head SET position = $1', [count]);
    await client.query(
      `INSERT INTO projections.checkpoints (follower, lane, position) VALUES ('subject-index', 0, $1)`,
      [count],
    );
    for (const view of catalogue.views) await new ViewTables(view, viewSchema(view)).create(client);
    await client.query('VACUUM (ANALYZE, PARALLEL 0) log.events');
    await client.query('VACUUM (ANALYZE, PARALLEL 0) history.places');
  });
}

const laneOf = (lane) => `facts-loaded${lane}`;
