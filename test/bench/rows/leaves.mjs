import { hash } from 'node:crypto';
import { PostgresEventStore } from '../../../dist/libs/event-store/postgres/postgres-event-store.js';
import { readStoredRows } from '../../../dist/libs/event-store/postgres/stored-rows.js';
import { connectDatabase } from '../../../dist/libs/platform/database/database.js';
import { seedSigner } from '../../../dist/libs/proof/keys/proof-signer.js';
import { LeafLog } from '../../../dist/libs/proof/leaves/leaf-log.js';
import { leavesOfTables } from '../../../dist/libs/proof/leaves/read-leaves.js';
import { LockSession } from '../../../dist/libs/subscriptions/lock-session.js';
import { LogTail } from '../../../dist/libs/subscriptions/log-tail.js';
import { imageTraffic } from '../image-traffic.mjs';
import { loadFacts } from '../loading.mjs';
import { alternate, compare, rateOf } from '../measure.mjs';

const LEAST_OF_READING = 0.8;
const PAGE = 2_000;
const EPOCH = 'bench';
const SIGNER = seedSigner(hash('sha256', 'bench', 'buffer'));

export const name = 'leaves';
export const budget = `log of leaves, catching up: >= ${LEAST_OF_READING} x reading the same rows`;

const OURS = 'leaves';
const READING = 'reading the same rows';

export async function run({ server, rounds, logEvents, log }) {
  const database = await server.createGatehouseDatabase('leaves_gatehouse');
  log(`  loading ${logEvents} events`);
  await loadFacts(database.connection, imageTraffic(), logEvents);
  const { pool, dataSource } = await connectDatabase(database.connection, { applicationName: 'gatehouse-bench' });
  const store = new PostgresEventStore(database.connection);
  const tail = new LogTail(store);
  const head = await store.head();
  try {
    const contenders = [
      {
        name: OURS,
        async run() {
          await forgetLeaves(pool);
          const locks = new LockSession(database.connection);
          const options = { origin: 'example.org/bench', epoch: EPOCH, signers: [SIGNER] };
          const leaves = new LeafLog(pool, tail, leavesOfTables(pool), locks, options);
          const rate = await rateOf(head, () => leaves.processAll());
          await locks.close();
          await expectLeaves(pool, head);
          return rate;
        },
      },
      { name: READING, run: () => rateOf(head, () => readAll(pool, head)) },
    ];
    const { spread, ...compared } = compare(await alternate(contenders, rounds, log), OURS, READING);
    return [
      {
        what: 'log of leaves, catching up',
        budget: `>= ${LEAST_OF_READING} x`,
        unit: 'leaves/s',
        ...compared,
        met: compared.ratio >= LEAST_OF_READING,
        detail: `${spread}; ${head} events, signed once a second and at the end`,
      },
    ];
  } finally {
    await tail.close();
    await store.close();
    await dataSource.destroy();
    await database.drop();
  }
}

async function forgetLeaves(pool) {
  await pool.query('TRUNCATE proof.bundles, proof.tiles, proof.checkpoints CASCADE');
  await pool.query('UPDATE proof.tree SET size = 0, position = 0');
  await pool.query("DELETE FROM projections.checkpoints WHERE follower = 'proof'");
}

async function expectLeaves(pool, expected) {
  const { rows } = await pool.query('SELECT size::int AS size FROM proof.checkpoints ORDER BY size DESC LIMIT 1');
  if (rows[0]?.size !== expected)
    throw new Error(`${rows[0]?.size} leaves are signed, but there are ${expected} events`);
}

async function readAll(pool, head) {
  for (let after = 0; after < head; ) {
    const { rows } = await readStoredRows(pool, after, PAGE);
    after = rows.at(-1).position;
  }
}
