import { type CommandGroup, type Condition, command, conditionOf, ifMatch, reason } from '../../cli/commands.js';
import { jsonOf } from '../../cli/json-file.js';
import { paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { pairs, rowsOf, table } from '../../cli/rendering/table.js';
import type { Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { QueuesAnswer } from '../queries/list-queues.js';

const PATH = '/v1/queues';

export const queueCommands: CommandGroup = (program, run) => {
  const group = program.command('queue').description('Shows and sets the queues of cases.');

  command(
    group,
    'list',
    'Lists the queues with their numbers of cases, and the rules by which cases get into them.',
    'queue list',
  ).action(run(showQueues));

  command(
    group,
    'set <file>',
    'Sets queues and rules from a JSON file with the fields queues, rules, default and patienceHours, as queue list --json prints them. For leads.',
    "queue set queues.json --reason 'severe cases go to trained reviewers'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('queue list'))
    .action(
      run<{ reason: string } & Condition>(async (session, { reason, ...condition }, file) => {
        const body = { ...(await settingsIn(file!)), reason };
        await session.client.put<WriteReceipt>(PATH, body, conditionOf(condition));
        return showQueues(session);
      }),
    );
};

async function showQueues({ client, print }: Session): Promise<void> {
  const queues = await client.get<QueuesAnswer>(PATH);
  print(queues, () => queuesText(queues));
}

function queuesText({ queues, rules, patienceHours, etag, ...rest }: QueuesAnswer): Shown {
  const rows = rules.map((rule, place) => [
    place + 1,
    rule.queue,
    rule.categories?.join(', '),
    rule.sources?.join(', '),
    rule.minSeverity,
    rule.minConfidence,
  ]);
  return paragraphs([
    table(
      ['queue', 'title', 'open', 'claimed', 'oldest opened', 'skill', 'language', 'panel'],
      rowsOf(queues, 'id', 'title', 'open', 'claimed', 'oldestOpenedAt', 'skill', 'language', 'panel'),
    ),
    table(['rule', 'queue', 'categories', 'sources', 'severity from', 'confidence from'], rows, 'no rule'),
    pairs([
      ['default', rest.default],
      ['patience', `${patienceHours} hours`],
      ['etag', etag],
    ]),
  ]);
}

/** What `queue list --json` prints can be changed and set: its counts and null values are left out. */
async function settingsIn(file: string): Promise<Record<string, unknown>> {
  const settings = await jsonOf('<file>', file, 'what queue list --json prints');
  if (!isObject(settings)) {
    const message = `${file} has no JSON object: write what queue list --json prints`;
    throw new InvalidInput([{ field: '<file>', message }]);
  }
  const { queues, rules, patienceHours, default: other } = settings;
  const given = Array.isArray(queues)
    ? queues.map((queue) => (isObject(queue) ? queueSettings(queue) : queue))
    : queues;
  return { queues: given, rules, patienceHours, default: other };
}

/** What can be set of a queue that was read: its counts and null values are left out. */
export function queueSettings({ open: _, claimed: __, oldestOpenedAt: ___, ...rest }: Record<string, unknown>) {
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
