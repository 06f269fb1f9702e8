import { Argument, type Command } from 'commander';
import { type CommandGroup, command, instant, integer, reason } from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import { pairs, table, time } from '../../cli/rendering/table.js';
import { listed, type Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { BulkJobStartedAnswer } from '../features/bulk-jobs.js';
import type { BulkJobAnswer } from '../queries/bulk-answers.js';
import type { SkippedCase } from '../queries/list-skipped-cases.js';

const PATH = '/v1/bulk-jobs';
const ACTIONS = ['dismiss', 'confirm', 'requeue'];
const pathOf = (jobId: string): string => `${PATH}/${encodeURIComponent(jobId)}`;

interface Given {
  queue?: string;
  category?: string;
  account?: string;
  openedBefore?: string;
  openedAfter?: string;
  clause?: string;
  toQueue?: string;
  atMost?: number;
  reason: string;
}

export const bulkCommands: CommandGroup = (program, run) => {
  const group = program.command('bulk').description('Takes one decision on every open case of a query. For leads.');

  filtered(
    command(
      group,
      'start',
      'Says how many open cases match or, with --at-most, takes the decision on each of them.',
      "bulk start dismiss --queue detected --category violent --reason 'a detector was wrong'",
      "bulk start dismiss --queue detected --category violent --at-most 120 --reason 'a detector was wrong'",
    ).addArgument(new Argument('<action>', 'what is done to each case').choices(ACTIONS)),
  )
    .option('--clause <id>', 'for confirm: the clause of the content policy that the images violate')
    .option('--to-queue <queue>', 'for requeue: the queue that is to have the cases')
    .option('--at-most <n>', 'starts the job if at most so many cases match', integer(0, 100_000))
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<Given>(async ({ client, print }, { clause, toQueue, atMost, reason: why, ...filter }, action) => {
        const body = { action, ...filter, clause, toQueue, atMost, reason: why };
        const { jobId, ...answer } = await client.post<BulkJobStartedAnswer>(PATH, body);
        print({ jobId, ...answer }, () =>
          jobId === null
            ? line`${answer.matched} cases match; --at-most ${answer.matched} starts the job`
            : line`job ${jobId} is processing ${answer.matched} cases`,
        );
      }),
    );

  command(
    group,
    'undo <id>',
    'Says how many cases a bulk job has changed or, with --at-most, undoes that by another job. Cases changed since stay as they are.',
    "bulk undo bulk-1 --reason 'the wrong detector'",
    "bulk undo bulk-1 --at-most 120 --reason 'the wrong detector'",
  )
    .option('--at-most <n>', 'starts the job if the other changed at most so many cases', integer(0, 100_000))
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ atMost?: number; reason: string }>(async ({ client, print }, { atMost, reason: why }, id) => {
        const body = { compensates: id, atMost, reason: why };
        const { jobId, ...answer } = await client.post<BulkJobStartedAnswer>(PATH, body);
        print({ jobId, ...answer }, () =>
          jobId === null
            ? line`${id} has changed ${answer.matched} cases; --at-most ${answer.matched} undoes that`
            : line`job ${jobId} undoes what ${id} did to ${answer.matched} cases`,
        );
      }),
    );

  command(group, 'skipped <id>', 'Lists the cases that a bulk job has left out, and why.', 'bulk skipped bulk-1')
    .option('--limit <n>', 'maximum number of cases', integer(1, 1_000_000), 50)
    .action(
      run<{ limit: number }>(async (session, { limit }, id) => {
        const items = await listed<SkippedCase>(session, `${pathOf(id!)}/skipped-cases`, {}, limit);
        session.print({ items }, () =>
          table(
            ['case', 'because'],
            items.map((one) => [one.caseId, one.because]),
            'no case was left out',
          ),
        );
      }),
    );

  command(group, 'list', 'Lists bulk jobs, the newest first.', 'bulk list')
    .option('--limit <n>', 'maximum number of jobs', integer(1, 1_000_000), 50)
    .action(
      run<{ limit: number }>(async (session, { limit }) => {
        const items = await listed<BulkJobAnswer>(session, PATH, {}, limit);
        session.print({ items }, () =>
          table(
            ['job', 'action', 'status', 'matched', 'handled', 'refused', 'by', 'started', 'reason'],
            items.map((one) => [
              ...[one.jobId, one.action, one.status, one.matched, one.handled, one.refused],
              ...[one.startedBy, time(one.startedAt), one.reason],
            ]),
            'no bulk job',
          ),
        );
      }),
    );

  command(group, 'show <id>', 'Shows a bulk job and how far it is.', 'bulk show bulk-1').action(
    run((session, _, id) => showJob(session, id!)),
  );

  command(
    group,
    'cancel <id>',
    'Cancels a bulk job. What it has done stays.',
    "bulk cancel bulk-1 --reason 'the wrong queue'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async (session, query, id) => {
        await session.client.request<WriteReceipt>('DELETE', pathOf(id!), { query });
        return showJob(session, id!);
      }),
    );
};

const filtered = (of: Command): Command =>
  of
    .option('--queue <queue>', 'only cases in this queue')
    .option('--category <label>', 'only cases of which flags name this category')
    .option('--account <id>', 'only cases of this account')
    .option('--opened-before <time>', 'only cases that were opened before this time', instant)
    .option('--opened-after <time>', 'only cases that were opened after this time', instant);

const casesOf = ({ compensates, filter }: BulkJobAnswer): string =>
  compensates === null
    ? Object.entries(filter)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ') || 'all open ones'
    : 'those that it has changed';

async function showJob({ client, print }: Session, id: string): Promise<void> {
  const job = await client.get<BulkJobAnswer>(pathOf(id));
  print(job, () =>
    pairs([
      ['job', job.jobId],
      ['action', job.action],
      ['undoes', job.compensates],
      ['cases', casesOf(job)],
      ['clause', job.clause],
      ['to queue', job.toQueue],
      ['status', job.status],
      ['matched', job.matched],
      ['handled', job.handled],
      ['refused', job.refused],
      ['started', `by ${job.startedBy} at ${time(job.startedAt)}`],
      ['reason', job.reason],
    ]),
  );
}
