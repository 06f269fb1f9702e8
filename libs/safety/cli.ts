import { Option } from 'commander';
import type { ApiClient, Query } from '../cli/api-client.js';
import { type CommandGroup, defaultCommand } from '../cli/commands.js';
import { InvalidInput } from '../kernel/errors.js';
import { activePeopleCommand } from './cli/active-people.js';
import { day } from './cli/day.js';
import { disregardedDecisionsCommand } from './cli/disregarded-decisions.js';
import { metricsText } from './cli/metrics-table.js';
import { modelProblemsCommand } from './cli/model-problems.js';
import { prevalenceCommand } from './cli/prevalence.js';
import { restrictedImagesCommand } from './cli/restricted-images.js';
import { reviewersCommand } from './cli/reviewers.js';
import type { Grouping } from './queries/groupings.js';
import type { SafetyAnswer } from './queries/safety-answer.js';

export { metricsText } from './cli/metrics-table.js';

/** Complete by its type: the list itself would load the views. */
const GROUPINGS: Record<Grouping, true> = {
  day: true,
  week: true,
  category: true,
  clause: true,
  cohort: true,
  model: true,
};

interface MetricsOptions {
  by?: Grouping;
  from?: string;
  to?: string;
}

export const commands: CommandGroup = (program, run) => {
  const metrics = program
    .command('metrics')
    .description('Shows figures of safety and review, each share with its 95% confidence interval (Wilson).');
  defaultCommand(
    metrics,
    'show',
    'Shows the safety metrics: distinct counts, shares with 95% confidence intervals (Wilson), and review figures.',
    'metrics show',
    'metrics --by category',
    'metrics --by model',
    'metrics --by day --from 2022-05-18',
    'metrics --as-of 2022-05-18T09:00:00Z',
  )
    .addOption(new Option('--by <grouping>', 'group by').choices(Object.keys(GROUPINGS)))
    .option('--from <day>', 'first day; requires --by day', day)
    .option('--to <day>', 'last day; requires --by day', day)
    .action(
      run<MetricsOptions>(async ({ client, print }, { by, from, to }) => {
        if (by !== 'day' && (from ?? to) !== undefined) {
          throw new InvalidInput([{ field: from === undefined ? '--to' : '--from', message: 'requires --by day' }]);
        }
        const answer = await safetyMetrics(client, { by, from, to });
        print(answer, () => metricsText(answer, by));
      }),
    );
  modelProblemsCommand(metrics, run);
  restrictedImagesCommand(metrics, run);
  prevalenceCommand(metrics, run);
  activePeopleCommand(metrics, run);
  reviewersCommand(metrics, run);
  disregardedDecisionsCommand(metrics, run);
};

export const safetyMetrics = (client: ApiClient, query: Query = {}): Promise<SafetyAnswer> =>
  client.get('/v1/safety/metrics', query);
