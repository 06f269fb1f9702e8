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

/** The commands that read, and get the options of a moment. `audit` has commands with moments of their own. */
export const READS = [
  'waitlist list',
  'waitlist place',
  'policy show',
  'policy clauses',
  'rollout status',
  'rate show',
  'cohort plan',
  'cohort schedule',
  'cohort invitations',
  'cohort list',
  'cohort show',
  'gate show',
  'account show',
  'account why',
  'image show',
  'queue list',
  'case list',
  'case show',
  'reviewer exposure-sums',
  'reviewer severe-viewers',
  'reviewer show',
  'flagger list',
  'flagger flags',
  'sampling show',
  'bulk skipped',
  'bulk list',
  'bulk show',
  'golden list',
  'golden show',
  'enforcement list',
  'enforcement show',
  'ladder show',
  'appeal list',
  'appeal show',
  'notice list',
  'notice show',
  'regulation statements',
  'regulation statement',
  'authority records',
  'target list',
  'hold list',
  'person erasures',
  'request list',
  'export list',
  'switch list',
  'switch show',
  'image-rule list',
  'image-rule show',
  'metrics show',
  'metrics model-problems',
  'metrics prevalence',
  'metrics active-people',
  'metrics reviewers',
  'metrics disregarded-decisions',
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
  return runIn({ version, groups, order: ORDER, reads: READS }, args, terminal);
}
