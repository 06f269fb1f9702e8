import { readFile } from 'node:fs/promises';
import { Argument, type Command, Option } from 'commander';
import { type CommandGroup, command, integer, reason } from '../cli/commands.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, paragraphs, quotation, type Shown } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../cli/rendering/table.js';
import { listed, type Runner } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { AppealClaimAnswer } from './features/claim-appeal.js';
import type { AppealEntry } from './queries/list-appeals.js';
import type { AppealAnswer } from './queries/show-appeal.js';

const OUTCOMES = ['granted', 'partly-granted', 'denied'];

export const commands: CommandGroup = (program, run) => {
  const group = program.command('appeal').description('Files, lists, shows and decides appeals against measures.');
  readingCommands(group, run);
  filingCommand(group, run);
  hearingCommands(group, run);
};

interface Filter {
  status: string;
  account?: string;
  reviewer?: string;
  overdue?: true;
  limit: number;
}

function readingCommands(group: Command, run: Runner): void {
  command(
    group,
    'list',
    'Lists appeals: open ones by their deadline, others the oldest first.',
    'appeal list',
    'appeal list --status any --account acc-1',
  )
    .addOption(
      new Option('--status <status>', 'only appeals with this status')
        .choices(['open', ...OUTCOMES, 'any'])
        .default('open'),
    )
    .option('--account <id>', 'only appeals of this account')
    .option('--reviewer <id>', 'only appeals that this reviewer has claimed or decided')
    .option('--overdue', 'only open appeals whose deadline has passed')
    .option('--limit <n>', 'maximum number of appeals', integer(1, 1_000_000), 50)
    .action(
      run<Filter>(async (session, { status, overdue, limit, ...filter }) => {
        const query = { ...filter, status: status === 'any' ? undefined : status, overdue: overdue && 'true' };
        const items = await listed<AppealEntry>(session, '/v1/appeals', query, limit);
        session.print({ items }, () =>
          table(
            ['appeal', 'account', 'status', 'number', 'filed', 'due', 'claimed by', 'decided by'],
            rowsOf(items, 'appealId', 'accountId', 'status', 'number', 'filedAt', 'dueAt', 'claimedBy', 'decidedBy'),
            status === 'any' ? 'no appeal' : `no appeal is ${status}`,
          ),
        );
      }),
    );

  command(
    group,
    'show <id>',
    'Shows an appeal and what it is about; to the reviewer who has claimed it also what the person wrote.',
    'appeal show img-1',
  ).action(
    run(async ({ client, print }, _, id) => {
      const appeal = await client.get<AppealAnswer>(pathOf(id!));
      print(appeal, () => appealText(appeal));
    }),
  );
}

interface Filing {
  text?: string;
  textFile?: string;
  newEvidence?: true;
  account?: string;
}

function filingCommand(group: Command, run: Runner): void {
  command(
    group,
    'file <enforcement>',
    'Files an appeal for the account’s holder (role service).',
    "appeal file img-1 --text 'it is a still from my own film'",
    'appeal file img-1 --text-file appeal.txt --new-evidence',
  )
    .addOption(new Option('--text <text>', 'what the person writes; stored encrypted').conflicts('textFile'))
    .option('--text-file <file>', 'a file with it')
    .option('--new-evidence', 'it brings evidence that was not known when the first appeal was decided')
    .option('--account <id>', 'the account of the person: refused if the measure is against another one')
    .action(
      run<Filing>(async ({ client, print }, { text, textFile, newEvidence, account }, id) => {
        const body = {
          text: textFile === undefined ? text : await readFile(textFile, 'utf8'),
          ...(newEvidence && { hasNewEvidence: true }),
          accountId: account,
        };
        const path = `/v1/enforcements/${encodeURIComponent(id!)}/appeals`;
        const filed = await client.post<WriteReceipt>(path, body, { repeatable: true });
        print(filed, () => line`the appeal against ${id} is filed at position ${filed.position}`);
      }),
    );
}

interface Decision {
  clause?: string;
  reason: string;
}

function hearingCommands(group: Command, run: Runner): void {
  command(
    group,
    'claim <id>',
    'Claims an appeal, so that nobody else decides it until the claim ends; renews a claim that is more than half over.',
    'appeal claim img-1',
  ).action(
    run(async ({ client, print }, _, id) => {
      const claim = await client.post<AppealClaimAnswer>(`${pathOf(id!)}/claim`);
      print(claim, () => line`appeal ${claim.appealId} is claimed by ${claim.reviewer} until ${time(claim.until)}`);
    }),
  );

  command(group, 'release <id>', 'Releases an appeal that you have claimed.', 'appeal release img-1').action(
    run(async ({ client, print }, _, id) => {
      const released = await client.delete<WriteReceipt>(`${pathOf(id!)}/claim`);
      print(released, () => line`you hold no claim on appeal ${id} any more`);
    }),
  );

  command(
    group,
    'decide',
    'Grants an appeal, which undoes everything the decision led to; grants it in part, with another clause; or denies it.',
    "appeal decide img-1 granted --reason 'the film is a documentary'",
    "appeal decide img-1 partly-granted --clause spam --reason 'it shows no violence, but advertises'",
  )
    .argument('<id>', 'the appeal')
    .addArgument(new Argument('<outcome>', 'the outcome').choices(OUTCOMES))
    .requiredOption('--reason <text>', 'why, for the account’s holder', reason)
    .option('--clause <id>', 'the clause that was violated instead; needed for partly-granted')
    .action(
      run<Decision>(async ({ client, print }, options, id, outcome) => {
        const body = { outcome, ...options };
        const decided = await client.post<WriteReceipt>(`${pathOf(id!)}/decision`, body, { repeatable: true });
        print(decided, () => line`appeal ${id} is ${outcome} from position ${decided.position}`);
      }),
    );
}

const pathOf = (id: string): string => `/v1/appeals/${encodeURIComponent(id)}`;

function appealText(appeal: AppealAnswer): Shown {
  const { measure } = appeal;
  return paragraphs([
    pairs([
      ['appeal', appeal.appealId],
      ['account', appeal.accountId],
      ['case', appeal.caseId],
      ['status', appeal.status],
      ['number', appeal.number],
      ['new evidence', appeal.hasNewEvidence],
      ['filed', time(appeal.filedAt)],
      ['due', time(appeal.dueAt)],
      ['claimed by', appeal.claimedBy],
      ['claimed until', time(appeal.claimedUntil)],
      ['decided', time(appeal.decidedAt)],
      ['decided by', appeal.decidedBy],
      ['clause', appeal.clause],
      ['reason', appeal.reason],
      ['measure', [measure.measure, measure.action].filter(Boolean).join(' ')],
      ['measure until', time(measure.until)],
      ['measure for', [measure.clause, ...measure.categories].filter(Boolean).join(', ')],
      ['measure is', measure.status],
    ]),
    ...(appeal.text === null ? [] : [quotation(appeal.text)]),
    table(
      ['position', 'time', 'event', 'by'],
      appeal.history.map((one) => [Number(one.position), time(one.time), one.type, actorText(one.actor)]),
    ),
  ]);
}
