import pg from 'pg';

const PAGE = 4_000;
const IDLE_MS = 2;

/**
 * The contiguous rows after a position: the sequence numbers events before they commit, so a reader that skipped a gap
 * would miss an event that fills it later.
 */
const PAGE_OF = `SELECT position, type, data, metadata FROM (
  SELECT *, position - row_number() OVER (ORDER BY position) AS before
  FROM (SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT ${PAGE}) next) numbered WHERE before = $1`;

const APPLY = {
  name: 'bare_view',
  text: `WITH page AS MATERIALIZED (${PAGE_OF}),
    moved AS (UPDATE view_position SET position = page_end FROM (SELECT max(position) AS page_end FROM page) p
              WHERE page_end IS NOT NULL RETURNING view_position.position),
    images AS (
      INSERT INTO images AS i (image_id, account_id, generated_at, shared_at, downloaded_at, flags)
      SELECT data->>'imageId',
             min(data->>'accountId') FILTER (WHERE type = 'ImageGenerated'),
             min((metadata->>'time')::timestamptz) FILTER (WHERE type = 'ImageGenerated'),
             min((metadata->>'time')::timestamptz) FILTER (WHERE type = 'ImageShared'),
             min((metadata->>'time')::timestamptz) FILTER (WHERE type = 'ImageDownloaded'),
             count(*) FILTER (WHERE type = 'ContentFlagged')
      FROM page GROUP BY 1
      ON CONFLICT (image_id) DO UPDATE SET
        account_id = coalesce(i.account_id, excluded.account_id),
        generated_at = least(i.generated_at, excluded.generated_at),
        shared_at = least(i.shared_at, excluded.shared_at),
        downloaded_at = least(i.downloaded_at, excluded.downloaded_at),
        flags = i.flags + excluded.flags)
    SELECT position FROM moved`,
};

/** One set-based view over the bare log, on a connection of its own: one row per image, one statement per page. */
export async function followBareLog(connection) {
  const client = new pg.Client(connection);
  await client.connect();
  await client.query(`CREATE TABLE images (image_id text PRIMARY KEY, account_id text, generated_at timestamptz,
    shared_at timestamptz, downloaded_at timestamptz, flags bigint NOT NULL) WITH (fillfactor = 80)`);
  await client.query('CREATE TABLE view_position (position bigint NOT NULL)');
  await client.query('INSERT INTO view_position VALUES (0)');
  let position = 0;
  let stopped = false;
  let failure;
  const work = (async () => {
    while (!stopped) {
      const { rows } = await client.query({ ...APPLY, values: [position] });
      if (rows.length > 0) position = Number(rows[0].position);
      else await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    }
  })().catch((error) => {
    failure = error;
  });
  return {
    async reached(wanted) {
      while (position < wanted) {
        if (failure) throw failure;
        await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      }
    },
    async close() {
      stopped = true;
      await work;
      await client.end();
    },
  };
}
