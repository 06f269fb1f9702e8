import { type CommandGroup, command, integer } from '../../../libs/cli/commands.js';
import { EXIT } from '../../../libs/cli/exit-codes.js';
import { line, lines, paragraphs, type Shown } from '../../../libs/cli/rendering/plain-text.js';
import { pairs, table } from '../../../libs/cli/rendering/table.js';
import { metricsText } from '../../../libs/safety/cli/metrics-table.js';
import { type LargeReport, runLargeDemo } from './large/run-large-demo.js';
import { type DemoReport, runDemo } from './run-demo.js';

interface DemoOptions {
  people: number;
  images: number;
  seed: number;
  large?: true;
  flags: number;
}

export const demoCommand: CommandGroup = (program, run) => {
  command(
    program,
    'demo',
    'Fills a running backend with generated people, images, flags and reviews, through its public API.',
    'demo',
    'demo --people 1000 --images 100000 --seed 7',
    'demo --large',
  )
    .option('--people <n>', 'number of people to onboard', integer(2, 2_000), 200)
    .option('--images <n>', 'number of images to generate', integer(10, 1_000_000), 1_000)
    .option('--seed <n>', 'seed of the random data; the same seed gives the same data', integer(0, 4_294_967_295), 1)
    .option(
      '--large',
      'on an empty backend: many flags, with floods, repeated flags, reviewers who err, a ladder that changes and appeals; checks the figures against what the generator knows',
    )
    .option('--flags <n>', 'number of flags of a large demo', integer(1_000, 1_000_000), 100_000)
    .action(
      run<DemoOptions>(async (session, { large, flags, ...options }) => {
        if (large) {
          const report = await runLargeDemo(session, { flags, seed: options.seed });
          session.print(report, () => largeText(report));
          return report.checks.every(({ expected, found }) => expected === found) ? EXIT.done : EXIT.failed;
        }
        const report = await runDemo(session, options);
        session.print(report, () => demoText(report));
        return EXIT.done;
      }),
    );
};

function largeText({ run, checks, metrics }: LargeReport): Shown {
  const rows = checks.map(({ what, expected, found }) => [what, expected, found, expected === found ? '' : 'DIFFERS']);
  return paragraphs([
    pairs([['run', run]]),
    table(['what', 'known', 'found', ''], rows),
    lines([line`safety metrics:`, metricsText(metrics)]),
  ]);
}

function demoText({ run, policy, cohorts, cases, denied, metrics }: DemoReport): Shown {
  const about = pairs([
    ['run', run],
    ['content policy', policy],
    ...cohorts.map(({ cohortId, onboarded }) => [`cohort ${cohortId}`, `${onboarded} people onboarded`] as const),
    ['cases decided', `${cases.confirmed + cases.dismissed}, of which ${cases.confirmed} confirmed`],
    ['access', denied ? `${denied.accountId} may no longer generate: ${denied.reason}` : 'nobody was deactivated'],
  ]);
  return paragraphs([about, lines([line`safety metrics of the whole log:`, metricsText(metrics)])]);
}
