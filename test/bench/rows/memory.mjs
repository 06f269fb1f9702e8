import { setTimeout as sleep } from 'node:timers/promises';
import { askForAll, evaluation } from '../evaluations.mjs';
import { expectStatus, openConnection } from '../http-connection.mjs';
import { imageTraffic } from '../image-traffic.mjs';
import { loadMembers, memberId } from '../loading.mjs';
import { whole } from '../measure.mjs';
import { batchRequest, post } from '../posting.mjs';
import { onDatabase, residentBytes, startStandalone } from '../standalone.mjs';

const MIB = 1024 * 1024;
const MOST_MIB = 600;
const BUDGET_ACCOUNTS = 1_000_000;
const POSTING = 8;
const ASKING = 16;
const BATCH = 500;
const SAMPLE_MS = 200;
const STRIDE = 7_919;

export const name = 'memory';
export const budget = `standalone under full load: <= ${MOST_MIB} MiB resident, PostgreSQL apart`;

export async function run({ server, accounts, loadSeconds, log }) {
  const database = await server.createGatehouseDatabase('memory_gatehouse');
  log(`  loading ${accounts} accounts`);
  await loadMembers(database.connection, accounts);
  const standalone = await startStandalone(onDatabase(database.connection));
  const { token, url, pid } = standalone;
  try {
    await standalone.caughtUp();
    await askForAll(standalone, accounts);
    const before = residentBytes(pid);
    const traffic = imageTraffic();
    let loading = true;
    let posted = 0;
    let asked = 0;
    const ask = async () => {
      const connection = await openConnection(url);
      while (loading) {
        const account = memberId((asked++ * STRIDE) % accounts);
        expectStatus(await connection.ask(evaluation(token, account, 'generate')), 200);
      }
      connection.close();
    };
    const load = Promise.all([
      post(standalone, POSTING, BATCH, () => {
        posted += loading ? BATCH : 0;
        return loading && batchRequest(token, traffic.take(BATCH));
      }),
      ...Array.from({ length: ASKING }, ask),
    ]);
    load.catch(() => {}); // reported below
    let peak = 0;
    for (let waited = 0; waited < loadSeconds * 1000; waited += SAMPLE_MS) {
      await sleep(SAMPLE_MS);
      peak = Math.max(peak, residentBytes(pid));
    }
    loading = false;
    await load;
    const under = `${whole(posted / loadSeconds)} events/s and ${whole(asked / loadSeconds)} decisions/s for ${loadSeconds} s`;
    return [
      {
        what: 'memory of the standalone under load, peak',
        budget: `<= ${MOST_MIB} MiB`,
        unit: 'MiB',
        figure: peak / MIB,
        met: peak / MIB <= MOST_MIB,
        small: accounts < BUDGET_ACCOUNTS,
        detail: `${accounts} accounts in memory, ${Math.round(before / MIB)} MiB before; ${under}`,
      },
    ];
  } finally {
    await standalone.stop();
    await database.drop();
  }
}
