#!/usr/bin/env node
/**
 * `npm run test:crash [-- --short] [-- --seed N] [-- --kills N] [-- --event-store ADDRESS --start-node COMMAND …]`: real
 * processes of every role on a real PostgreSQL and a
 * real Kafka, loaded, killed and restarted; then the answers to clients are compared with what is stored. Faults come in
 * rounds with every kind, one round in the short form; the same seed repeats the same faults. Prints the counts, and exits
 * with code 1 if anything was lost, doubled or different. With an event store the log is there; each `--start-node` is the
 * command that starts one of its nodes and ends with it, and the nodes are killed and frozen like the roles.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { prepare } from '../../apps/prepare.mjs';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    kills: { type: 'string' },
    'event-store': { type: 'string' },
    'start-node': { type: 'string', multiple: true, default: [] },
  },
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const { 'event-store': eventStore, 'start-node': startNodes } = values;
if ((eventStore === undefined) !== (startNodes.length === 0)) {
  console.error('test:crash: --event-store ADDRESS needs --start-node COMMAND for each node, and the other way round');
  process.exit(2);
}
const kills = Number(values.kills ?? (values.short ? 1 : 50));

process.setMaxListeners(0); // one for each child
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
await prepare();
const { crashTest } = await import('./crash-test.mjs');
console.log(`seed ${seed}, whole rounds of faults until at least ${kills} kills`);
const { findings, counts } = await crashTest({ seed, kills, short: values.short, eventStore, startNodes });
for (const finding of findings) console.log(`✗ ${finding}`);
console.log(
  Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', '),
);
console.log(`seed ${seed}: ${findings.length === 0 ? 'nothing lost, nothing doubled' : `${findings.length} findings`}`);
process.exit(findings.length === 0 ? 0 : 1);
