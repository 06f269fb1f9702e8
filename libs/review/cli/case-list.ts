import { type Command, Option } from 'commander';
import { command, instant, integer } from '../../cli/commands.js';
import { line, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, rowsOf, table, time } from '../../cli/rendering/table.js';
import { listed, type Runner } from '../../cli/session.js';
import type { NextCaseAnswer } from '../features/next-case.js';
import type { CaseEntry } from '../queries/case-entry.js';

const ORIGINS = ['flags', 'sample', 'golden'];
const STATUSES = ['open', 'claimed', 'confirmed', 'dismissed', 'model-problem', 'overturned', 'any'];

const SORTS = ['priority', 'opened', 'changed'];
const FACETS = ['status', 'queue', 'category', 'reviewer', 'escalated', 'origin'] as const;

interface Counting {
  count?: number;
  facets?: Partial<Record<(typeof FACETS)[number], { value: string; count: number }[]>>;
}

interface Filter {
  status: string;
  queue?: string;
  category?: string;
  reviewer?: string;
  mine?: true;
  account?: string;
  openedBefore?: string;
  openedAfter?: string;
  escalated?: boolean;
  origin?: string;
  sort?: string;
  order?: string;
  count?: true;
  facets?: true;
  limit: number;
}

const countingOf = ({ count, facets }: Counting): Counting => ({
  ...(count !== undefined && { count }),
  ...(facets && { facets }),
});

function countingText({ count, facets = {} }: Counting): Shown[] {
  const rows = FACETS.flatMap((facet) => (facets[facet] ?? []).map((one) => [facet, one.value, one.count]));
  return [
    ...(count === undefined ? [] : [line`${number(count)} ${count === 1 ? 'case matches' : 'cases match'}`]),
    ...(rows.length === 0 ? [] : [table(['by', 'value', 'cases'], rows)]),
  ];
}

/** `case list` and `case next`. */
export function addQueueCommands(group: Command, run: Runner): void {
  command(
    group,
    'list',
    'Lists cases: open and claimed ones in the order of their queues, others the oldest first.',
    'case list',
    'case list --status any --mine',
    'case list --queue severe --escalated',
    'case list --status any --sort changed --count --facets',
  )
    .addOption(new Option('--status <status>', 'only cases with this status').choices(STATUSES).default('open'))
    .option('--queue <queue>', 'only cases in this queue')
    .option('--category <label>', 'only cases of which flags name this category')
    .option('--reviewer <id>', 'only cases that this reviewer has claimed or judged, or that are kept for them')
    .option('--mine', 'only those of yours, as with --reviewer')
    .option('--account <id>', 'only cases of this account')
    .option('--opened-before <time>', 'only cases that were opened before this time', instant)
    .option('--opened-after <time>', 'only cases that were opened after this time', instant)
    .option('--escalated', 'only open cases that are escalated')
    .option('--no-escalated', 'only open cases that are not escalated')
    .addOption(
      new Option('--origin <origin>', 'only cases that were opened for this reason; for leads and compliance').choices(
        ORIGINS,
      ),
    )
    .addOption(new Option('--sort <order>', 'by what they are listed; priority needs a status').choices(SORTS))
    .addOption(
      new Option(
        '--order <direction>',
        'by default the most urgent, those opened first, or those that changed last, come first',
      ).choices(['asc', 'desc']),
    )
    .option('--count', 'print also the exact number of cases that match')
    .option(
      '--facets',
      'print also how many match by status, queue, category, reviewer and more, each without its option',
    )
    .option('--limit <n>', 'maximum number of cases', integer(1, 1_000_000), 50)
    .action(
      run<Filter>(async (session, { status, mine, escalated, limit, count, facets, ...filter }) => {
        const query = {
          ...filter,
          status: status === 'any' ? undefined : status,
          mine: mine && 'true',
          escalated: escalated === undefined ? undefined : String(escalated),
        };
        const items = await listed<CaseEntry>(session, '/v1/cases', query, limit);
        const include = [...(count ? ['count'] : []), ...(facets ? ['facets'] : [])].join(',');
        const { items: _, ...counting } = include
          ? await session.client.get<Counting & { items: unknown }>('/v1/cases', { ...query, limit: 1, include })
          : { items };
        session.print({ items, ...countingOf(counting) }, () => {
          const rows = items.map((one) => ({ ...one, found: one.categories.join(', '), given: one.verdictsGiven }));
          const listed = table(
            [
              'case',
              'status',
              'queue',
              'priority',
              'account',
              'round',
              'opened',
              'categories',
              'verdicts',
              'panel',
              'claimed by',
              'until',
            ],
            rowsOf(
              rows,
              'caseId',
              'status',
              'queue',
              'priority',
              'accountId',
              'round',
              'openedAt',
              'found',
              'given',
              'panelSize',
              'claimedBy',
              'claimedUntil',
            ),
            status === 'any' ? 'no case' : `no case is ${status}`,
          );
          return paragraphs([listed, ...countingText(counting)]);
        });
      }),
    );

  command(
    group,
    'next <queue>',
    'Claims the case of a queue that is due first and that you may review. A repeat claims another one.',
    'case next default',
  ).action(
    run(async ({ client, print }, _, queue) => {
      const next = await client.post<NextCaseAnswer>(`/v1/queues/${encodeURIComponent(queue!)}/next`);
      const { claim } = next;
      print(next, () =>
        claim
          ? line`case ${claim.caseId} is claimed by ${claim.reviewer} until ${time(claim.until)}`
          : line`no case of queue ${next.queue} waits for you`,
      );
    }),
  );
}
