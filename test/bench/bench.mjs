import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { startBenchServer } from './postgres.mjs';
import * as access from './rows/access.mjs';
import * as accessUnderAttack from './rows/access-under-attack.mjs';
import * as accessUnderIngest from './rows/access-under-ingest.mjs';
import * as append from './rows/append.mjs';
import * as claimNext from './rows/claim-next.mjs';
import * as deactivation from './rows/deactivation.mjs';
import * as decisions from './rows/decisions.mjs';
import * as flags from './rows/flags.mjs';
import * as gate from './rows/gate.mjs';
import * as growth from './rows/growth.mjs';
import * as history from './rows/history.mjs';
import * as hotAccount from './rows/hot-account.mjs';
import * as ingest from './rows/ingest.mjs';
import * as kafkaClients from './rows/kafka-clients.mjs';
import * as kafkaIn from './rows/kafka-in.mjs';
import * as kafkaOut from './rows/kafka-out.mjs';
import * as leaves from './rows/leaves.mjs';
import * as memory from './rows/memory.mjs';
import * as onboarding from './rows/onboarding.mjs';
import * as rebuild from './rows/rebuild.mjs';
import * as report from './rows/report.mjs';
import * as simulate from './rows/simulate.mjs';
import * as start from './rows/start.mjs';
import { printTable } from './table.mjs';

const ROWS = [
  append,
  decisions,
  ingest,
  kafkaIn,
  kafkaOut,
  kafkaClients,
  access,
  accessUnderIngest,
  accessUnderAttack,
  deactivation,
  hotAccount,
  claimNext,
  flags,
  onboarding,
  gate,
  rebuild,
  leaves,
  history,
  report,
  growth,
  memory,
  simulate,
  start,
];
const NOT_BUILT = ['audit log: append to signed checkpoint'];
let interrupted = false;
const RESULTS = new URL('results/', import.meta.url);

export const rowNames = ROWS.map(({ name }) => name);

/**
 * Runs rows one after the other, prints the table and writes results/latest.json.
 * @returns {Promise<boolean>} false when a row crashed; a missed budget is a result, not a crash
 */
export async function runBench({ names, ...sizes }) {
  const chosen = names.length === 0 ? ROWS : ROWS.filter(({ name }) => names.includes(name));
  const measures = [];
  const skipped = [];
  const crashes = [];
  const server = await startBenchServer();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void giveUp(server));
  try {
    for (const row of chosen) {
      const until = row.skip?.(sizes);
      if (until) {
        skipped.push({ row: row.name, until });
        continue;
      }
      console.log(`${row.name}: ${row.budget}`);
      try {
        const answers = await row.run({ server, log: (line) => console.log(line), ...sizes });
        measures.push(...answers.map((measure) => ({ row: row.name, ...measure })));
      } catch (error) {
        if (interrupted) await new Promise(() => {}); // giveUp ends the process
        console.error(error);
        crashes.push({ row: row.name, error: error.message });
      }
    }
  } finally {
    await server.stop();
  }
  const notBuilt = names.length === 0 ? NOT_BUILT : [];
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model,
    memoryBytes: totalmem(),
    node: process.version,
  };
  mkdirSync(RESULTS, { recursive: true });
  const result = { at: new Date().toISOString(), machine, sizes, measures, crashes, skipped, notBuilt };
  writeFileSync(new URL('latest.json', RESULTS), `${JSON.stringify(result, null, 2)}\n`);
  printTable(result);
  return crashes.length === 0;
}

/** The embedded PostgreSQL would outlive this process, since it has a session of its own. */
async function giveUp(server) {
  interrupted = true;
  process.on('uncaughtException', () => {}); // contenders lose their connections
  await server.stop();
  process.exit(130);
}
