import { Option } from 'commander';
import { type CommandGroup, command, integer } from '../cli/commands.js';
import { line, paragraphs, quotation, type Shown } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../cli/rendering/table.js';
import { listed } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { NoticeEntry } from './queries/list-notices.js';
import type { NoticeAnswer } from './queries/show-notice.js';

const STATUSES = ['waiting', 'delivered', 'failed', 'skipped'];

export const commands: CommandGroup = (program, run) => {
  const group = program.command('notice').description('Lists, shows and redelivers notices to people about decisions.');

  command(
    group,
    'list',
    'Lists notices, the oldest first.',
    'notice list --status failed',
    'notice list --account acc-1',
  )
    .addOption(new Option('--status <status>', 'only notices with this status').choices(STATUSES))
    .option('--account <id>', 'only notices to the holder of this account')
    .addOption(new Option('--channel <channel>', 'only notices through this channel').choices(['webhook', 'email']))
    .option('--limit <n>', 'maximum number of notices', integer(1, 1_000_000), 50)
    .action(
      run<{ status?: string; account?: string; channel?: string; limit: number }>(
        async (session, { limit, ...filter }) => {
          const items = await listed<NoticeEntry>(session, '/v1/notices', filter, limit);
          session.print({ items }, () =>
            table(
              ['notice', 'account', 'channel', 'kind', 'outcome', 'status', 'attempts', 'queued', 'error'],
              rowsOf(
                items,
                'noticeId',
                'accountId',
                'channel',
                'kind',
                'outcome',
                'status',
                'attempts',
                'queuedAt',
                'error',
              ),
              'no notice; without a webhook or a mail server in the settings nobody is notified',
            ),
          );
        },
      ),
    );

  command(
    group,
    'show <id>',
    'Shows a notice, its text, and each attempt to send it.',
    'notice show 0196e0f0-0000-8000-8000-000000000001',
  ).action(
    run(async ({ client, print }, _, id) => {
      const notice = await client.get<NoticeAnswer>(pathOf(id!));
      print(notice, () => noticeText(notice));
    }),
  );

  command(
    group,
    'redeliver <id>',
    'Sends a notice again, or at once if it waits, with the same id and as many attempts as a new one.',
    'notice redeliver 0196e0f0-0000-8000-8000-000000000001',
  ).action(
    run(async ({ client, print }, _, id) => {
      const queued = await client.post<WriteReceipt>(`${pathOf(id!)}/redelivery`, undefined, { repeatable: true });
      print(queued, () => line`notice ${id} is queued at position ${queued.position}`);
    }),
  );
};

const pathOf = (id: string): string => `/v1/notices/${encodeURIComponent(id)}`;

function noticeText(notice: NoticeAnswer): Shown {
  return paragraphs([
    pairs([
      ['notice', notice.noticeId],
      ['account', notice.accountId],
      ['role', notice.role],
      ['channel', notice.channel],
      ['about', [notice.kind, notice.outcome].join(' ')],
      ['measure', notice.enforcementId],
      ['case', notice.caseId],
      ['status', notice.status],
      ['attempts', notice.attempts],
      ['due', time(notice.dueAt)],
      ['delivered', time(notice.deliveredAt)],
      ['error', notice.error],
      ['language', notice.language],
      ['subject', notice.subject],
    ]),
    quotation(notice.text.trimEnd()),
    table(
      ['position', 'time', 'event', 'attempt', 'error', 'next attempt'],
      notice.history.map((one) => [
        Number(one.position),
        time(one.time),
        one.type,
        one.attempt,
        one.error,
        time(one.retryAt),
      ]),
    ),
  ]);
}
