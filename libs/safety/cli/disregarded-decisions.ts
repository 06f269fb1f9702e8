import type { Command } from 'commander';
import { command } from '../../cli/commands.js';
import { line, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, table, time } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { DisregardedDecisionsAnswer } from '../queries/disregarded-decisions.js';
import { durationText } from './review-figures.js';

export function disregardedDecisionsCommand(parent: Command, run: Runner): void {
  command(
    parent,
    'disregarded-decisions',
    'Shows which services generated or shared images although that was denied, and how late.',
    'metrics disregarded-decisions',
  )
    .option('--cursor <cursor>', 'the nextCursor of the page before, which --json shows')
    .action(
      run<{ cursor?: string }>(async ({ client, print }, { cursor }) => {
        const answer = await client.get<DisregardedDecisionsAnswer>('/v1/metrics/disregarded-decisions', { cursor });
        print(answer, () => disregardedText(answer));
      }),
    );
}

export function disregardedText(answer: DisregardedDecisionsAnswer): Shown {
  const { accounts, withheldImages, uses, services, items, nextCursor } = answer;
  const rows = items.flatMap(({ accountId, uses: own }) =>
    own.map((one) => [
      ...[accountId, one.service, one.action, one.imageId, one.reason, time(one.at)],
      one.lateMs === null ? null : durationText(one.lateMs),
    ]),
  );
  if (rows.length === 0) return line`no service disregarded a decision`;
  return paragraphs([
    line`${number(uses)} uses: of ${number(accounts)} accounts, and of ${number(withheldImages)} withheld images`,
    table(
      ['service', 'uses'],
      services.map((one) => [one.service, one.uses]),
    ),
    table(['account', 'service', 'action', 'image', 'denied', 'at', 'late'], rows),
    ...(nextCursor === undefined ? [] : [line`there are more: --cursor ${nextCursor}`]),
  ]);
}
