import type { Command } from 'commander';
import { Option } from 'commander';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  integer,
  reason,
} from '../../cli/commands.js';
import { line } from '../../cli/rendering/plain-text.js';
import { pairs, rowsOf, table } from '../../cli/rendering/table.js';
import { listed, type Runner, type Session } from '../../cli/session.js';
import type { WriteReceipt } from '../../http/write-receipt.js';
import type { GoldenCaseAnswer } from '../queries/golden-answer.js';

const PATH = '/v1/golden-cases';
const VERDICTS = ['safe', 'unsafe', 'model-problem'];
const STATUSES = ['waiting', 'drawn', 'open', 'answered', 'retired'];
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

interface Added {
  verdict: string;
  clause?: string;
  category: string[];
  confidence?: number;
  queue?: string;
  account?: string;
  photorealistic?: boolean;
  faces?: boolean;
  promptCategory?: string;
  prompt?: string;
  note?: string;
}

export const goldenCommands: CommandGroup = (program, run) => {
  const group = program
    .command('golden')
    .description('Adds, shows and retires images whose right verdict is known, which measure reviewers. For leads.');
  addCommand(group, run);

  command(group, 'list', 'Lists golden cases, the newest first.', 'golden list', 'golden list --status answered')
    .addOption(new Option('--status <status>', 'only those with this status').choices(STATUSES))
    .option('--limit <n>', 'maximum number of them', integer(1, 1_000_000), 50)
    .action(
      run<{ status?: string; limit: number }>(async (session, { status, limit }) => {
        const items = await listed<GoldenCaseAnswer>(session, PATH, { status }, limit);
        session.print({ items }, () => {
          const rows = items.map((one) => ({ ...one, right: rightOf(one) }));
          const columns = [
            'goldenId',
            'status',
            'verdict',
            'clause',
            'addedBy',
            'openedAt',
            'answeredAt',
            'right',
          ] as const;
          const head = ['image', 'status', 'verdict', 'clause', 'added by', 'opened', 'answered', 'right'];
          return table(head, rowsOf(rows, ...columns), 'no golden case');
        });
      }),
    );

  command(group, 'show <image>', 'Shows a golden case and what reviewers answered.', 'golden show img-77').action(
    run((session, _, id) => show(session, id!)),
  );

  command(
    group,
    'retire <image>',
    'Retires a golden case: nobody gets it any more, and its answers no longer count.',
    "golden retire img-77 --reason 'its right verdict is disputed'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .addOption(ifMatch('golden show'))
    .action(
      run<{ reason: string } & Condition>(async ({ client, print }, { reason, ...condition }, id) => {
        const options = { query: { reason }, ...conditionOf(condition) };
        const receipt = await client.delete<WriteReceipt>(pathOf(id!), options);
        print(receipt, () => line`golden case ${id!} is retired`);
      }),
    );
};

function addCommand(group: Command, run: Runner): void {
  const each = (value: string, before: string[]) => [...before, value];
  command(
    group,
    'add <image>',
    'Adds an image that the image service serves and that nobody has reported or flagged.',
    "golden add img-77 --verdict unsafe --clause violent --category violent --prompt 'a battle'",
  )
    .addOption(new Option('--verdict <verdict>', 'the right verdict').choices(VERDICTS).makeOptionMandatory())
    .option('--clause <id>', 'the clause that it violates, for unsafe')
    .option('--category <label>', 'a category that its case names, as a flag would; repeat it for more', each, [])
    .option('--confidence <number>', 'how sure a flagger of it would be, from 0 to 1', Number)
    .option('--queue <queue>', 'the queue that its case waits in, whatever the rules say')
    .option('--account <id>', 'the account that its case names, which nobody may have; one like others by default')
    .option('--photorealistic', 'it could be mistaken for a photograph')
    .option('--no-photorealistic', 'it could not')
    .option('--faces', 'it shows faces of people')
    .option('--no-faces', 'it shows none')
    .option('--prompt-category <name>', 'the category of its prompt')
    .option('--prompt <text>', 'the prompt that reviewers can reveal')
    .option('--note <text>', 'a note')
    .action(
      run<Added>(async ({ client, print }, { category, account, ...given }, imageId) => {
        const named = account === undefined ? {} : { accountId: account };
        const body = { imageId, categories: category, ...named, ...given };
        const receipt = await client.post<WriteReceipt>(PATH, body);
        print(receipt, () => line`image ${imageId!} is a golden case`);
      }),
    );
}

const rightOf = ({ answers }: GoldenCaseAnswer): string | null =>
  answers.length === 0 ? null : `${answers.filter(({ isRight }) => isRight).length} of ${answers.length}`;

async function show({ client, print }: Session, id: string): Promise<void> {
  const golden = await client.get<GoldenCaseAnswer & { etag: string }>(pathOf(id));
  print(golden, () =>
    pairs([
      ['image', golden.goldenId],
      ['status', golden.status],
      ['verdict', golden.verdict],
      ['clause', golden.clause],
      ['note', golden.note],
      ['added by', golden.addedBy],
      ['added', golden.addedAt],
      ['opened', golden.openedAt],
      ['answered', golden.answeredAt],
      ['etag', golden.etag],
      ...golden.answers.map(({ reviewer, verdict, clause, isRight }): [string, string] => [
        `answer of ${reviewer}`,
        `${verdict}${clause === undefined ? '' : ` (${clause})`}: ${isRight ? 'right' : 'wrong'}`,
      ]),
    ]),
  );
}
