import { setImmediate } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { type CommandGroup, command, integer, severalOf } from '../../../libs/cli/commands.js';
import { EXIT, type ExitCode } from '../../../libs/cli/exit-codes.js';
import type { Shown } from '../../../libs/cli/rendering/plain-text.js';
import type { Session } from '../../../libs/cli/session.js';
import type { StatisticsReport } from '../../../libs/gate/trials/statistics-report.js';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { simulateFromLog } from './from-log.js';
import { withReport } from './report-file.js';
import { statisticsText } from './statistics-text.js';

interface SimulateOptions {
  scenario?: string;
  fromLog?: true;
  history?: number;
  weeks?: number;
  rates?: string[];
  scale?: number;
  report?: string;
  schema?: true;
  print?: true;
  statistics?: true;
  runs?: number;
  seed?: number;
}

const USUAL = { history: 12, weeks: 8, scale: 1, seed: 1 };
const USUAL_RUNS = { statistics: 4_000, rates: 3 };
const LEAST_RUNS_OF_STATISTICS = 100;
const MOST_RUNS_OF_RATES = 1_000;

/** What each kind of use heeds beside its own option; with `print` it only prints. */
const HEEDED = {
  schema: [],
  statistics: ['runs', 'seed'],
  scenario: ['print', 'scale', 'report', 'seed'],
  scenarioPrinted: ['print'],
  fromLog: ['print', 'history', 'weeks', 'rates', 'scale', 'report', 'runs', 'seed'],
  fromLogPrinted: ['print', 'history', 'weeks'],
} as const;
const OPTIONAL = HEEDED.fromLog;

export const simulateCommand: CommandGroup = (program, run) => {
  command(
    program,
    'simulate',
    'Plays a whole rollout on a virtual clock against the real service with a database of its own, or measures how often the safety gate and other rules open. Needs no server, except with --from-log. The same seed gives the same result.',
    'simulate --scenario preview-2022 --scale 0.1 --report preview.html',
    'simulate --scenario preview-2022 --print > mine.json',
    'simulate --scenario mine.json --seed 7 --json',
    'simulate --from-log --weeks 8 --rates 1000,2000,4000 --scale 0.1 --report rates.html',
    'simulate --from-log --print > mine.json',
    'simulate --statistics --runs 4000',
  )
    .option(
      '--scenario <name>',
      'a file, or one of preview-2022, beta, bad-cohort, review-backlog, at-the-limit and phases; ends with exit code 7 if something else comes out than the scenario expects',
    )
    .option(
      '--from-log',
      'fit a scenario to the history of this installation, and play it from the state of today at several rates',
    )
    .option('--history <weeks>', 'with --from-log: weeks of history that count; 12 by default', integer(1, 104))
    .option('--weeks <n>', 'with --from-log: weeks to play; 8 by default', integer(1, 100))
    .option(
      '--rates <list>',
      'with --from-log: people a week, separated by commas; the present rate and twice as much by default',
      severalOf,
    )
    .option('--scale <share>', 'the share of its people, rate and reviewers, from 0.0001 to 1; 1 by default', scale)
    .option('--report <file>', 'write the simulated rollout with its charts as one HTML page')
    .option('--print', 'print the scenario and do nothing')
    .option('--schema', 'print the JSON Schema of scenarios and do nothing')
    .option('--statistics', 'the error rates of the statistics, without any service')
    .option(
      '--runs <n>',
      'simulated rollouts of each kind of statistics (4000 by default), or of each rate of --from-log (3)',
      integer(1, 1_000_000),
    )
    .option('--seed <n>', 'seed of the random numbers; 1 by default', integer(0, 4_294_967_295))
    .action(run<SimulateOptions>(simulate));
};

async function simulate(session: Session, options: SimulateOptions): Promise<ExitCode> {
  const { scenario, schema, print, statistics, fromLog } = options;
  const given = [schema, scenario, statistics, fromLog].filter((one) => one !== undefined);
  if (given.length !== 1) {
    const message = `${given.length === 0 ? 'is missing' : 'is one too many'}: give one of --scenario, --from-log, --schema and --statistics`;
    throw new InvalidInput([{ field: '--scenario', message }]);
  }
  refuseUnheeded(options);
  const all = { ...USUAL, ...options };
  if (schema) return showSchema(session);
  if (scenario !== undefined && print) return showScenario(session, scenario);
  if (scenario !== undefined) return play(session, { ...all, scenario });
  if (fromLog) {
    const { runs = USUAL_RUNS.rates } = options;
    refuseRuns(runs, 1, MOST_RUNS_OF_RATES);
    return simulateFromLog(session, { ...all, runs });
  }
  const runs = options.runs ?? USUAL_RUNS.statistics;
  refuseRuns(runs, LEAST_RUNS_OF_STATISTICS, Number.POSITIVE_INFINITY);
  const report = await reportOf(session, runs, all.seed);
  session.print(report, () => statisticsText(report));
  return report.keepsPromise ? EXIT.done : EXIT.differs;
}

/** As JSON with or without --json. */
const asJson = (value: unknown) => (): Shown => JSON.stringify(value, null, 2) as Shown;

async function showSchema(session: Session): Promise<ExitCode> {
  const { ScenarioSchema } = await import('../../simulation/scenario.js');
  session.print(ScenarioSchema, asJson(ScenarioSchema));
  return EXIT.done;
}

async function showScenario(session: Session, named: string): Promise<ExitCode> {
  const { readScenario } = await import('../../simulation/read-scenario.js');
  const scenario = await readScenario(named);
  session.print(scenario, asJson(scenario));
  return EXIT.done;
}

async function play(
  session: Session,
  options: typeof USUAL & { scenario: string; report?: string },
): Promise<ExitCode> {
  // Loading the service would slow down every other command.
  const [{ simulateScenario }, { simulationText }, { simulationPage }] = await Promise.all([
    import('../../simulation/simulate-scenario.js'),
    import('./simulation-text.js'),
    import('../../simulation/simulation-page.js'),
  ]);
  const simulation = await withReport(options.report, () => simulateScenario(session, options), simulationPage);
  session.print(simulation, () => simulationText(simulation));
  return simulation.checks.every(({ isMet }) => isMet) ? EXIT.done : EXIT.differs;
}

/** @throws InvalidInput if something was given that would change nothing */
function refuseUnheeded(options: SimulateOptions): void {
  const { schema, statistics, fromLog, print } = options;
  const use = schema ? 'schema' : statistics ? 'statistics' : fromLog ? 'fromLog' : 'scenario';
  const heeded: readonly string[] =
    print && (use === 'fromLog' || use === 'scenario') ? HEEDED[`${use}Printed`] : HEEDED[use];
  const unheeded = OPTIONAL.filter((one) => options[one] !== undefined && !heeded.includes(one));
  if (unheeded.length === 0) return;
  const shown = `--${use === 'fromLog' ? 'from-log' : use}${print ? ' and --print' : ''}`;
  const message = `changes nothing with ${shown}: leave it out`;
  throw new InvalidInput(unheeded.map((one) => ({ field: `--${one}`, message })));
}

/** @throws InvalidInput */
function refuseRuns(runs: number, least: number, most: number): void {
  if (runs >= least && runs <= most) return;
  const message = runs < least ? `must be at least ${least} here` : `must be at most ${most} here`;
  throw new InvalidInput([{ field: '--runs', message }]);
}

function scale(text: string): number {
  const value = Number(text);
  if (/^(?:0?\.\d+|1(?:\.0+)?)$/.test(text) && value >= 0.0001) return value;
  throw new InvalidArgumentError('It must be a number from 0.0001 to 1.');
}

async function reportOf({ progress, signal }: Session, runs: number, seed: number): Promise<StatisticsReport> {
  const { reportParts, statisticsReport } = await import('../../../libs/gate/trials/statistics-report.js');
  const parts = statisticsReport(runs, seed);
  progress.start('statistics', reportParts());
  for (let done = 0; ; done++) {
    progress.update(done);
    // Lets Ctrl-C through between two parts.
    await setImmediate();
    signal.throwIfAborted();
    const part = parts.next();
    if (part.done) return part.value;
  }
}
