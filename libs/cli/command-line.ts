import { Command, Help, Option } from 'commander';
import type { Problem } from './api-errors.js';
import type { CommandGroup } from './commands.js';
import { EXIT, type ExitCode, exitCodeOf, exitCodesText } from './exit-codes.js';
import { addMoments, type MomentOptions, momentOf } from './moment.js';
import { line, plain, type Shown } from './rendering/plain-text.js';
import { interruption, problemDocument, problemText } from './rendering/problem.js';
import { DEFAULT_URL, type GlobalOptions, openSession, type Runner, type Session, type Terminal } from './session.js';

const INTERRUPTED = 'interrupted; acknowledged work is stored, and the command is safe to repeat';

/** What a command line consists of. */
export interface CommandLine {
  version: string;
  groups: readonly CommandGroup[];
  /** Names of commands as --help lists them; others follow. */
  order: readonly string[];
  /** The names of the commands that read, also as of a moment. */
  reads: readonly string[];
}

/**
 * Runs one command line.
 * @param args the arguments after node and the script
 * @returns the exit code; an error is reported on stderr, with --json as a problem document
 */
export async function runCommandLine(
  commandLine: CommandLine,
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const json = args.includes('--json');
  let code: ExitCode = EXIT.done;
  let reading: ReadonlySet<Command> = new Set();
  const run: Runner =
    (work) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const opened = openSession(command.optsWithGlobals<GlobalOptions>(), terminal);
      const { session, options } = reading.has(command)
        ? asOfMoment(opened, command)
        : { session: opened, options: command.opts() };
      try {
        const ended = await work(session, options as never, ...(given.slice(0, -2) as string[]));
        code = ended ?? EXIT.done;
      } finally {
        session.progress.end();
      }
    };
  const report = (problem: Problem, text: Shown) =>
    terminal.stderr.write(`${plain(json ? JSON.stringify(problem, null, 2) : text)}\n`);
  try {
    const program = buildProgram(commandLine, run, terminal, json);
    reading = addMoments(program, commandLine.reads);
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (terminal.signal.aborted) {
      report(interruption(INTERRUPTED), line`gatehouse: ${INTERRUPTED}`);
      return EXIT.interrupted;
    }
    // Commander has already printed its own errors.
    if (exitCode !== EXIT.done && (json || !isCommanders(error))) report(problemDocument(error), problemText(error));
    return exitCode;
  }
}

/** The session of a command that reads, whose client reads as of the moment of the options, and the other options. */
function asOfMoment(session: Session, command: Command): { session: Session; options: object } {
  const { asOf, at, ...options } = command.opts<MomentOptions>();
  const moment = momentOf({ ...(asOf !== undefined && { asOf }), ...(at !== undefined && { at }) });
  return {
    session: moment === undefined ? session : { ...session, client: session.client.with({ asOf: moment }) },
    options,
  };
}

const isCommanders = (error: unknown): boolean => String((error as { code?: unknown })?.code).startsWith('commander.');

function buildProgram(
  { version, groups, order }: CommandLine,
  run: Runner,
  { stdout, stderr }: Terminal,
  json: boolean,
): Command {
  const program = new Command('gatehouse')
    .description('The command line of Gatehouse, the access-and-enforcement backend.')
    .version(version)
    .addOption(new Option('--url <url>', `address of the backend (env GATEHOUSE_URL, default ${DEFAULT_URL})`))
    .addOption(
      new Option(
        '--token-file <file>',
        'file with the bearer token (env GATEHOUSE_TOKEN_FILE, or GATEHOUSE_TOKEN itself, which goes before the file)',
      ),
    )
    .addOption(new Option('--token <token>').hideHelp())
    .addOption(new Option('--json', 'print JSON; errors are problem documents (RFC 9457) on stderr'))
    .configureHelp({ showGlobalOptions: true, visibleCommands: inOrder(order) })
    .configureOutput({
      writeOut: (text) => stdout.write(plain(text)),
      writeErr: (text) => {
        if (!json) stderr.write(plain(text));
      },
    })
    .exitOverride()
    .addHelpText('after', `\n${exitCodesText}\n\nExample:\n  $ gatehouse status --url http://127.0.0.1:8080`);
  for (const add of groups) add(program, run);
  return program;
}

const inOrder =
  (order: readonly string[]) =>
  (command: Command): Command[] => {
    const place = (one: Command) => (order.includes(one.name()) ? order.indexOf(one.name()) : order.length);
    return new Help().visibleCommands(command).sort((a, b) => place(a) - place(b));
  };
