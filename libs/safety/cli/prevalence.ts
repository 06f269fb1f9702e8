import type { Command } from 'commander';
import { command } from '../../cli/commands.js';
import { pairs } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { PrevalenceAnswer } from '../queries/show-prevalence.js';
import { day } from './day.js';
import { percentOf } from './metrics-table.js';

export function prevalenceCommand(parent: Command, run: Runner): void {
  command(
    parent,
    'prevalence',
    'Estimates how many exposed images violate the content policy, and how many of them flags and detectors find.',
    'metrics prevalence',
    'metrics prevalence --from 2022-05-18 --to 2022-05-24',
  )
    .option('--from <day>', 'first day of first exposures; that of the first chosen image by default', day)
    .option('--to <day>', 'last day; give it if nothing was chosen after it', day)
    .action(
      run<{ from?: string; to?: string }>(async ({ client, print }, { from, to }) => {
        const answer = await client.get<PrevalenceAnswer>('/v1/metrics/prevalence', { from, to });
        print(answer, () => prevalenceText(answer));
      }),
    );
}

type Estimate = PrevalenceAnswer['prevalence'];

const whole = (number: number): string => String(Math.round(number));
const intervalOf = (estimate: Estimate, text: (value: number) => string): string | null =>
  estimate && `${text(estimate.value)} (95% interval ${text(estimate.low)} to ${text(estimate.high)})`;

export const prevalenceText = ({ sample, ...answer }: PrevalenceAnswer) =>
  pairs([
    ['first exposed', answer.from && `from ${answer.from}${answer.to === null ? '' : ` to ${answer.to}`}`],
    ['exposed', answer.exposed],
    ['flagged before', answer.flaggedBefore],
    ['chosen', sample.chosen],
    ['decided', sample.decided],
    ['unsafe', sample.unsafe],
    ['skipped', sample.skipped],
    ['confirmed', answer.confirmed],
    ['unflagged violations', intervalOf(answer.unflaggedViolations, whole)],
    ['prevalence', intervalOf(answer.prevalence, percentOf)],
    ['found by flags', intervalOf(answer.flagRecall, percentOf)],
    ['found by detectors', intervalOf(answer.detectorRecall, percentOf)],
  ]);
