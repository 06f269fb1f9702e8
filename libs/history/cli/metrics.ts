import type { Command } from 'commander';
import { command, position, positionOrTime } from '../../cli/commands.js';
import { line, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { table } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import { changesBetween, type JsonChange } from '../../kernel/json-changes.js';
import { metricsText, safetyMetrics } from '../../safety/cli.js';
import { type MomentOptions, momentOf } from './moment.js';

export function metricsHistoryCommand(group: Command, run: Runner): void {
  command(
    group,
    'metrics',
    'Shows the safety metrics as they were at a moment, and what has become of each figure since.',
    'audit metrics --as-of 2022-05-18T09:00:00Z',
    'audit metrics --at 1234 --json',
  )
    .option('--as-of <moment>', 'a position of the log or a time (RFC 3339)', positionOrTime)
    .option('--at <position>', 'a position of the log', position)
    .action(
      run<MomentOptions>(async ({ client, print }, options) => {
        const then = await safetyMetrics(client, { asOf: momentOf(options) });
        const now = await safetyMetrics(client);
        const changes = changesBetween(then, now);
        print({ then, now, changes }, () => paragraphs([metricsText(then), changesText(changes)]));
      }),
    );
}

const changesText = (changes: readonly JsonChange[]): Shown =>
  changes.length === 0
    ? line`no figure has changed since`
    : table(
        ['figure', 'then', 'now'],
        changes.map(({ path, before, after }) => [path, JSON.stringify(before), JSON.stringify(after)]),
      );
