import { runCommandLine as runIn } from '../../libs/cli/command-line.js';
import type { ExitCode } from '../../libs/cli/exit-codes.js';
import type { Terminal } from '../../libs/cli/session.js';
import { type AdoptLog, logTransferCommands, type OpenLog, type RenewEpoch } from '../../libs/log-transfer/cli.js';
import { version } from '../composition/version.js';
import { commandsOf, contexts } from '../contexts.js';
import { demoCommand } from './demo/demo-command.js';
import { importCommand } from './import/import-command.js';
import { migrateCommand } from './migrate/migrate-command.js';
import { simulateCommand } from './simulate/simulate-command.js';

/** The order in which people need them; the commands of a new context follow. */
const ORDER = [
  'status',
  'token',
  'settings',
  'waitlist',
  'policy',
  'rollout',
  'rate',
  'cohort',
  'gate',
  'account',
  'access',
  'image',
  'queue',
  'case',
  'reviewer',
  'flagger',
  'sampling',
  'bulk',
  'golden',
  'enforcement',
  'ladder',
  'appeal',
  'notice',
  'regulation',
  'authority',
  'target',
  'hold',
  'person',
  'request',
  'retention',
  'keys',
  'switch',
  'image-rule',
  'metrics',
  'events',
  'quarantine',
  'views',
  'audit',
  'export',
  'report',
  'migrate',
  'witness',
  'import',
  'export-log',
  'import-log',
  'renew-log-epoch',
  'adopt-log',
  'demo',
  'simulate',
];

const openLog: OpenLog = async (address, purpose, signal) => {
  const { openNamedLog } = await import('../composition/named-log.js');
  return openNamedLog(address, purpose, process.env, signal);
};

const renewEpoch: RenewEpoch = async (signal) => {
  const { renewLogEpoch } = await import('../composition/named-log.js');
  return renewLogEpoch(process.env, signal);
};

const adoptLog: AdoptLog = async (progress) => {
  const { adoptConfiguredLog } = await import('../composition/adopt-configured-log.js');
  return adoptConfiguredLog(process.env, progress);
};

/**
 * Runs a command line of Gatehouse.
 * @param args the arguments after node and the script
 * @param listed the contexts whose commands there are
 * @returns the exit code
 */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  listed = contexts,
): Promise<ExitCode> {
  const transfer = logTransferCommands(openLog, renewEpoch, adoptLog);
  const groups = [...(await commandsOf(listed)), importCommand, migrateCommand, transfer, demoCommand, simulateCommand];
  return runIn({ version, groups, order: ORDER }, args, terminal);
}
