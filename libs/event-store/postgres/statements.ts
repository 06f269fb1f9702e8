/** Maximum positions that one filtered read scans, so that a rare type in a long log is still read in pages. */
export const SCAN_WINDOW = 100_000;

export const HEAD = { name: 'gatehouse_head', text: 'SELECT position FROM log.head' };

export const APPEND = {
  name: 'gatehouse_append',
  text: `SELECT actual, base, recorded_at
         FROM log.append($1::text[], $2::bigint[], $3::int[], $4::int[], $5::uuid[], $6::text[], $7::json[], $8::json[])`,
};

const COLUMNS = 'e.position, e.revision, e.id, e.type, e.recorded_at, e.data, e.metadata';

export const READ_ALL = {
  name: 'gatehouse_read_all',
  text: `WITH head AS (SELECT position FROM log.head)
         SELECT head.position, s.name, ${COLUMNS}
         FROM head LEFT JOIN LATERAL (
           SELECT * FROM log.events WHERE position > $1 AND position <= head.position ORDER BY position LIMIT $2
         ) e ON true LEFT JOIN log.streams s ON s.id = e.stream_id ORDER BY e.position`,
};

export const READ_POSITIONS = {
  name: 'gatehouse_read_positions',
  text: `SELECT p.ord, s.name, ${COLUMNS}
         FROM unnest($1::bigint[]) WITH ORDINALITY p(place, ord) JOIN log.events e ON e.position = p.place
         LEFT JOIN log.streams s ON s.id = e.stream_id ORDER BY p.ord`,
};

export const READ_TYPES = {
  name: 'gatehouse_read_types',
  text: `WITH head AS (SELECT position FROM log.head)
         SELECT head.position, s.name, ${COLUMNS}
         FROM head LEFT JOIN LATERAL (
           SELECT * FROM log.events
           WHERE position > $1 AND position <= least(head.position, $1 + ${SCAN_WINDOW}) AND type = ANY($3)
           ORDER BY position LIMIT $2
         ) e ON true LEFT JOIN log.streams s ON s.id = e.stream_id ORDER BY e.position`,
};

export const READ_STREAMS = {
  name: 'gatehouse_read_streams',
  text: `SELECT q.ord, s.name, ${COLUMNS}
         FROM unnest($1::text[], $2::bigint[], $3::bigint[]) WITH ORDINALITY q(name, first, most, ord)
         JOIN log.streams s ON s.name = q.name
         CROSS JOIN LATERAL (
           SELECT * FROM log.events WHERE stream_id = s.id AND revision >= q.first ORDER BY revision LIMIT q.most
         ) e ORDER BY q.ord, e.revision`,
};

export const READ_TAIL = {
  name: 'gatehouse_read_tail',
  text: `SELECT 0, s.name, ${COLUMNS}
         FROM log.streams s CROSS JOIN LATERAL (
           SELECT * FROM log.events WHERE stream_id = s.id ORDER BY revision DESC LIMIT $2
         ) e WHERE s.name = $1 ORDER BY e.revision`,
};

export const PLACES = {
  name: 'gatehouse_places',
  text: `SELECT e.id, s.name, e.revision, e.position FROM log.events e JOIN log.streams s ON s.id = e.stream_id
         WHERE e.id = ANY($1::uuid[])`,
};
