import { casesView } from '../../../dist/libs/review/views/cases.js';
import { openConnection } from '../http-connection.mjs';
import { alternate, compare, whole } from '../measure.mjs';
import { onConnection } from '../postgres.mjs';
import { batchRequest, expectAccepted } from '../posting.mjs';
import { onDatabase, startStandalone } from '../standalone.mjs';

const BATCH = 500;
const ALL = 'every index';
const FEWER = 'without those of sorted lists';
/** Those that only lists in another order than their usual one, and the list of a queue with every status, are read by. */
const SORTING = [
  /\("?position"?, case_id\)( WHERE|$)/,
  /\(queue, opened_at, case_id\)/,
  /\(status, ("?position"?|priority), case_id\)/,
  /\(opened_at, case_id\) WHERE/,
];

export const name = 'flags';
export const budget =
  'flags until their cases are in every view: shown beside the same without the indexes of sorted lists';

export async function run({ server, rounds, openCases, profile, log }) {
  const sides = [];
  try {
    for (const label of [ALL, FEWER]) {
      const database = await server.createGatehouseDatabase(label === ALL ? 'flags_all' : 'flags_fewer');
      const standalone = await startStandalone(onDatabase(database.connection), profile);
      sides.push({ label, database, standalone, flags: 0, wal: [] });
    }
    for (const { standalone } of sides) await standalone.caughtUp();
    const { dropped, of } = await dropSorting(sides[1].database.connection);
    log(`  ${FEWER}: ${dropped} of the ${of} indexes of cases dropped`);
    const size = Math.ceil(openCases / rounds / BATCH) * BATCH;
    const rates = await alternate(
      sides.map((side) => ({ name: side.label, run: (round) => flagRound(side, size, round) })),
      rounds,
      log,
    );
    const [all, fewer] = sides.map(({ wal }) => wal.reduce((sum, bytes) => sum + bytes, 0) / wal.length);
    const { spread, ...compared } = compare(rates, ALL, FEWER);
    return [
      {
        what: 'flags on new images until every view has their cases',
        budget: '-',
        unit: 'flags/s',
        ...compared,
        met: undefined,
        detail: `${spread}; ${whole(size)} flags a round`,
      },
      {
        what: 'write-ahead log of such a flag',
        budget: '-',
        unit: 'bytes',
        figure: all,
        against: FEWER,
        yardstick: fewer,
        ratio: all / fewer,
        met: undefined,
        detail: 'event, decisions, and all views',
      },
    ];
  } finally {
    for (const { standalone, database } of sides) {
      await standalone.stop();
      await database.drop();
    }
  }
}

async function flagRound(side, size, round) {
  const { standalone, database } = side;
  const connection = await openConnection(standalone.url);
  const batches = [];
  for (let from = 0; from < size; from += BATCH)
    batches.push(
      batchRequest(
        standalone.token,
        Array.from({ length: BATCH }, () => flagOf(side.flags++)),
      ),
    );
  const before = await writtenTo(database.connection);
  const started = performance.now();
  for (const bytes of batches) expectAccepted(await connection.ask(bytes), BATCH);
  await standalone.caughtUp();
  const rate = (size * 1000) / (performance.now() - started);
  if (round > 0) side.wal.push((await writtenTo(database.connection)) / size - before / size);
  connection.close();
  return rate;
}

/** Of the whole server: the other side rests meanwhile. */
const writtenTo = (connection) =>
  onConnection(connection, async (client) => {
    const { rows } = await client.query(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS bytes`);
    return rows[0].bytes;
  });

const dropSorting = (connection) =>
  onConnection(connection, async (client) => {
    const { rows } = await client.query(
      `SELECT format('%I.%I', schemaname, indexname) AS index, indexdef FROM pg_indexes WHERE tablename = $1`,
      [casesView.table.name],
    );
    const dropped = rows.filter(({ indexdef }) => SORTING.some((form) => form.test(indexdef)));
    if (dropped.length < SORTING.length) throw new Error(`not the indexes of cases: ${JSON.stringify(rows)}`);
    for (const { index } of dropped) await client.query(`DROP INDEX ${index}`);
    return { dropped: dropped.length, of: rows.length };
  });

const flagOf = (n) => ({
  id: `flag-${n}`,
  type: 'ContentFlagged',
  time: new Date().toISOString(),
  data: {
    ...{ imageId: `img-${n}`, flaggedBy: `acc-${n % 100}`, flaggerKind: 'user', categories: ['violent'] },
    confidence: (n % 100) / 100,
  },
});
