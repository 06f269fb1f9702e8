import { InvalidArgumentError, Option } from 'commander';
import type { ApiClient, Query } from '../cli/api-client.js';
import { type CommandGroup, command } from '../cli/commands.js';
import { InvalidInput } from '../kernel/errors.js';
import { isDay } from '../kernel/text-forms.js';
import { metricsText } from './cli/metrics-table.js';
import type { SafetyAnswer } from './queries/safety-answer.js';

interface MetricsOptions {
  by?: 'day' | 'week' | 'category' | 'cohort';
  from?: string;
  to?: string;
}

const day = (text: string): string => {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('It must be a day such as 2022-05-18.');
};

export const commands: CommandGroup = (program, run) => {
  command(
    program,
    'metrics',
    'Shows the safety metrics: distinct counts, shares with 95% confidence intervals (Wilson), and review figures.',
    'metrics',
    'metrics --by category',
    'metrics --by cohort',
    'metrics --by day --from 2022-05-18',
  )
    .addOption(new Option('--by <grouping>', 'group by').choices(['day', 'week', 'category', 'cohort']))
    .option('--from <day>', 'first day; requires --by day', day)
    .option('--to <day>', 'last day; requires --by day', day)
    .action(
      run<MetricsOptions>(async ({ client, print }, { by, from, to }) => {
        if (by !== 'day' && (from ?? to) !== undefined) {
          throw new InvalidInput([{ field: from === undefined ? '--to' : '--from', message: 'requires --by day' }]);
        }
        const metrics = await safetyMetrics(client, { by, from, to });
        print(metrics, () => metricsText(metrics, by));
      }),
    );
};

export const safetyMetrics = (client: ApiClient, query: Query = {}): Promise<SafetyAnswer> =>
  client.get('/v1/safety/metrics', query);
