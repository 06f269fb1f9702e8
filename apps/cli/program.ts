import { Command, Option } from 'commander';
import { version } from '../composition/version.js';
import type { Problem } from './api-errors.js';
import { accountCommands } from './commands/account.js';
import { cohortCommands } from './commands/cohort.js';
import { eventsCommand } from './commands/events.js';
import { logCopyCommands } from './commands/log-copy.js';
import { metricsCommand } from './commands/metrics.js';
import { policyCommands } from './commands/policy.js';
import { quarantineCommands } from './commands/quarantine.js';
import { rateCommands } from './commands/rate.js';
import { statusCommand } from './commands/status.js';
import { tokenCommands } from './commands/token.js';
import { viewsCommands } from './commands/views.js';
import { waitlistCommands } from './commands/waitlist.js';
import { demoCommand } from './demo/demo-command.js';
import { EXIT, type ExitCode, exitCodeOf, exitCodesText } from './exit-codes.js';
import { importCommand } from './import/import-command.js';
import { interruption, problemDocument } from './rendering/problem-document.js';
import { problemText } from './rendering/problem-text.js';
import { DEFAULT_URL, type GlobalOptions, openSession, type Runner, type Terminal } from './session.js';

const INTERRUPTED = 'interrupted; acknowledged work is stored, and the command is safe to repeat';

/**
 * Runs one command line.
 * @param args the arguments after node and the script
 * @returns the exit code; an error is reported on stderr, with --json as a problem document
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const json = args.includes('--json');
  let code: ExitCode = EXIT.done;
  const run: Runner =
    (work) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const session = openSession(command.optsWithGlobals<GlobalOptions>(), terminal);
      try {
        code = (await work(session, command.opts() as never, ...(given.slice(0, -2) as string[]))) ?? EXIT.done;
      } finally {
        session.progress.end();
      }
    };
  const report = (problem: Problem, text: string) =>
    terminal.stderr.write(`${json ? JSON.stringify(problem, null, 2) : text}\n`);
  try {
    await buildProgram(run, terminal, json).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (terminal.signal.aborted) {
      report(interruption(INTERRUPTED), `gatehouse: ${INTERRUPTED}`);
      return EXIT.interrupted;
    }
    // Commander has already printed its own errors.
    if (exitCode !== EXIT.done && (json || !isCommanders(error))) report(problemDocument(error), problemText(error));
    return exitCode;
  }
}

const isCommanders = (error: unknown): boolean => String((error as { code?: unknown })?.code).startsWith('commander.');

function buildProgram(run: Runner, { stdout, stderr }: Terminal, json: boolean): Command {
  const program = new Command('gatehouse')
    .description('The command line of Gatehouse, the access-and-enforcement backend.')
    .version(version)
    .addOption(new Option('--url <url>', `address of the backend (env GATEHOUSE_URL, default ${DEFAULT_URL})`))
    .addOption(new Option('--token <token>', 'bearer token (env GATEHOUSE_TOKEN)'))
    .addOption(new Option('--json', 'print JSON; errors are problem documents (RFC 9457) on stderr'))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => {
        if (!json) stderr.write(text);
      },
    })
    .exitOverride()
    .addHelpText('after', `\n${exitCodesText}\n\nExample:\n  $ gatehouse status --url http://127.0.0.1:8080`);
  for (const add of GROUPS) add(program, run);
  return program;
}

const GROUPS: readonly ((program: Command, run: Runner) => void)[] = [
  statusCommand,
  tokenCommands,
  waitlistCommands,
  policyCommands,
  rateCommands,
  cohortCommands,
  accountCommands,
  metricsCommand,
  eventsCommand,
  quarantineCommands,
  viewsCommands,
  importCommand,
  logCopyCommands,
  demoCommand,
];
