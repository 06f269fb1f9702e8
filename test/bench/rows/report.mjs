import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyLog } from '../copied-log.mjs';
import { imageTraffic } from '../image-traffic.mjs';
import { measuredCommand } from '../measured-command.mjs';
import { moderationTraffic } from '../moderation-traffic.mjs';
import { onDatabase, startGateway } from '../standalone.mjs';

const BUDGET_EVENTS = 3_000_000;
const MOST_BYTES = 300 * 1024 * 1024;
const MIB = 1024 * 1024;
const MAPPING = {
  entries: [
    { clause: 'violent', category: 'STATEMENT_CATEGORY_VIOLENCE', ground: 'illegal', legalGround: 'a law' },
    { category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC', ground: 'terms', explanation: 'by hand' },
  ],
  reason: 'a measurement',
};

export const name = 'report';
export const budget = `transparency report: its command needs <= ${MOST_BYTES / MIB} MiB for ${BUDGET_EVENTS} events of moderation`;

const LOGS = [
  { kind: 'an image service', traffic: imageTraffic, most: undefined },
  { kind: 'moderation alone', traffic: moderationTraffic, most: MOST_BYTES },
];

export async function run({ server, logEvents, growthEvents, log }) {
  const size = growthEvents ?? logEvents;
  const measures = [];
  for (const { kind, traffic, most } of LOGS) {
    const database = await server.createGatehouseDatabase('report_gatehouse');
    try {
      log(`  copying ${size} events of ${kind}`);
      await copyLog(database.connection, traffic(), size);
      const serving = await startGateway(onDatabase(database.connection));
      try {
        await serving.ask('PUT', '/v1/statement-mapping', MAPPING);
        const { seconds, mostBytes, serverBytes } = await reported(serving);
        const rate = Math.round(size / seconds).toLocaleString('en-US');
        measures.push({
          what: `transparency report of the events of ${kind}: memory of its command, peak`,
          budget: most === undefined ? '-' : `<= ${most / MIB} MiB`,
          unit: 'MiB',
          figure: mostBytes / MIB,
          met: most === undefined ? undefined : mostBytes <= most,
          small: size < BUDGET_EVENTS,
          detail: `${size} events in ${seconds.toFixed(1)} s, ${rate} events/s; the server at most ${Math.round(serverBytes / MIB)} MiB`,
        });
        log(`  ${measures.at(-1).figure.toFixed(0)} MiB; ${measures.at(-1).detail}`);
      } finally {
        await serving.stop();
      }
    } finally {
      await database.drop();
    }
  }
  return measures;
}

async function reported(serving) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-report-'));
  try {
    const args = ['regulation', 'report', folder, '--year', String(new Date().getUTCFullYear())];
    const { seconds, mostBytes } = await measuredCommand(serving, [
      ...args,
      ...['--service', 'bench', '--reason', 'a measurement'],
    ]);
    const { broken } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    if (broken.events > 0) throw new Error(`${broken.events} events of the log are broken`);
    return { seconds, mostBytes: mostBytes.command, serverBytes: mostBytes.server };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
