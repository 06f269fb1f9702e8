import { readFile } from 'node:fs/promises';
import { Argument, type Command, Option } from 'commander';
import type { ApiClient } from '../cli/api-client.js';
import { type CommandGroup, command, integer, reason } from '../cli/commands.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, paragraphs, quotation, type Shown } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../cli/rendering/table.js';
import { listed, type Runner } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { Refusal } from '../kernel/errors.js';
import type { AppealClaimAnswer } from './features/claim-appeal.js';
import type { NextAppealAnswer } from './features/next-appeal.js';
import type { AppealEntry } from './queries/list-appeals.js';
import type { AppealAnswer } from './queries/show-appeal.js';

const OUTCOMES = ['granted', 'partly-granted', 'denied'];
const STATUSES = ['open', ...OUTCOMES, 'lapsed'];

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
  unclaimed?: true;
  hearer?: string;
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
      new Option('--status <status>', 'only appeals with this status').choices([...STATUSES, 'any']).default('open'),
    )
    .option('--account <id>', 'only appeals of this account')
    .option('--reviewer <id>', 'only appeals that this reviewer has claimed or decided')
    .option('--overdue', 'only open appeals whose deadline has passed')
    .option('--unclaimed', 'only open appeals that nobody has claimed')
    .option('--hearer <id>', 'who is to hear them, instead of you: says which they may not. For leads')
    .option('--limit <n>', 'maximum number of appeals', integer(1, 1_000_000), 50)
    .action(
      run<Filter>(async (session, { status, overdue, unclaimed, limit, ...filter }) => {
        const query = {
          ...filter,
          status: status === 'any' ? undefined : status,
          overdue: overdue && 'true',
          claimed: unclaimed && 'false',
        };
        const items = await listed<AppealEntry>(session, '/v1/appeals', query, limit);
        const who = filter.hearer ?? 'you';
        session.print({ items }, () =>
          status === 'open' ? openAppeals(items, who) : decidedAppeals(items, status === 'any' ? '' : ` is ${status}`),
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

const CONFLICTS: Record<NonNullable<AppealEntry['conflict']>, string> = {
  'own-account': 'no: own account',
  'linked-account': 'no: linked to the account',
  'own-flag': 'no: flagged the image',
  'took-part': 'no: took part',
  'severe-content': 'no: needs the skill severe',
};

const mayHear = (conflict: AppealEntry['conflict']): string => (conflict === null ? 'yes' : CONFLICTS[conflict]);

function openAppeals(items: readonly AppealEntry[], who: string): Shown {
  const rows = items.map((one) => [
    one.appealId,
    one.accountId,
    one.number,
    time(one.filedAt),
    time(one.dueAt),
    one.isOverdue,
    time(one.firstClaimedAt) ?? 'unread',
    one.claimedBy ?? (one.reservedFor && `kept for ${one.reservedFor}`),
    mayHear(one.conflict),
  ]);
  const hears = who === 'you' ? 'may you hear it' : `may ${who} hear it`;
  const heads = ['appeal', 'account', 'number', 'filed', 'due', 'overdue', 'first claimed', 'claimed by', hears];
  return table(heads, rows, 'no appeal is open');
}

const decidedAppeals = (items: readonly AppealEntry[], which: string): Shown =>
  table(
    ['appeal', 'account', 'status', 'number', 'filed', 'due', 'decided', 'decided by', 'reason'],
    rowsOf(items, 'appealId', 'accountId', 'status', 'number', 'filedAt', 'dueAt', 'decidedAt', 'decidedBy', 'reason'),
    `no appeal${which}`,
  );

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
    'next',
    'Claims the appeal that is due first, of those that nobody has claimed and that you may hear. A repeat gives the same one until you decide or release it.',
    'appeal next',
  ).action(
    run(async ({ client, print }) => {
      const next = await client.post<NextAppealAnswer>('/v1/appeals/next', undefined, { repeatable: true });
      print(next, () => (next.claim ? claimText(next.claim) : line`no appeal waits for you`));
    }),
  );

  command(
    group,
    'claim <id>',
    'Claims an appeal, so that nobody else decides it until the claim ends; renews a claim that is more than half over.',
    'appeal claim img-1',
  ).action(
    run(async ({ client, print }, _, id) => {
      const claim = await claimOf(client, id!);
      print(claim, () => claimText(claim));
    }),
  );

  command(group, 'release <id>', 'Releases an appeal that you have claimed.', 'appeal release img-1').action(
    run(async ({ client, print }, _, id) => {
      const { token } = await client.get<AppealAnswer>(pathOf(id!));
      if (token === null)
        throw new Refusal(
          'claim-lost',
          `you have not claimed appeal ${id}, or the claim has ended: nothing to release`,
        );
      const released = await client.delete<WriteReceipt>(`${pathOf(id!)}/claim?token=${token}`);
      print(released, () => line`appeal ${id} is released`);
    }),
  );

  command(
    group,
    'hand-over <id> <reviewer>',
    'Hands an appeal over to a person who is to hear it, for whom it is kept for a day. Leads need no claim.',
    "appeal hand-over img-1 rev-2 --reason 'reads Welsh'",
  )
    .option('--reason <text>', 'why', reason)
    .action(
      run<{ reason?: string }>(async ({ client, print }, { reason: why }, id, reviewer) => {
        const { token } = await client.get<AppealAnswer>(pathOf(id!));
        const body = { reviewer, ...(token !== null && { token }), reason: why };
        const written = await client.post<WriteReceipt>(`${pathOf(id!)}/handover`, body, { repeatable: true });
        print(written, () => line`appeal ${id} is handed over to ${reviewer}`);
      }),
    );

  command(
    group,
    'decide',
    'Grants an appeal, which undoes everything the decision led to; grants it in part, with another clause; or denies it. Claims it first if you have not.',
    "appeal decide img-1 granted --reason 'the film is a documentary'",
    "appeal decide img-1 partly-granted --clause spam --reason 'it shows no violence, but advertises'",
  )
    .argument('<id>', 'the appeal')
    .addArgument(new Argument('<outcome>', 'the outcome').choices(OUTCOMES))
    .requiredOption('--reason <text>', 'why, for the account’s holder', reason)
    .option('--clause <id>', 'the clause that was violated instead; needed for partly-granted')
    .action(
      run<Decision>(async ({ client, print }, options, id, outcome) => {
        const { token } = await claimOf(client, id!);
        const body = { outcome, ...options, token };
        const decided = await client.post<WriteReceipt>(`${pathOf(id!)}/decision`, body, { repeatable: true });
        print(decided, () => line`appeal ${id} is ${outcome} from position ${decided.position}`);
      }),
    );
}

const claimOf = (client: ApiClient, id: string): Promise<AppealClaimAnswer> =>
  client.post<AppealClaimAnswer>(`${pathOf(id)}/claim`, undefined, { repeatable: true });

const claimText = ({ appealId, reviewer, until }: AppealClaimAnswer): Shown =>
  line`appeal ${appealId} is claimed by ${reviewer} until ${time(until)}`;

const pathOf = (id: string): string => `/v1/appeals/${encodeURIComponent(id)}`;

/** Whether what was ordered is in place. */
const CARRIED_OUT: Record<AppealAnswer['measure']['status'], string> = {
  ordered: 'not yet',
  completed: 'yes',
  reversed: 'undone by an appeal',
};

function appealText(appeal: AppealAnswer): Shown {
  const { measure } = appeal;
  const isOpen = appeal.status === 'open';
  // Services see neither who has claimed it nor its history.
  const isSeen = appeal.history.length > 0;
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
      ...(isOpen ? ([['overdue', appeal.isOverdue]] as const) : []),
      ...(isOpen && isSeen
        ? ([
            ['first claimed', time(appeal.firstClaimedAt) ?? 'unread'],
            ['claimed', appeal.claimedBy && `by ${appeal.claimedBy} until ${time(appeal.claimedUntil)}`],
            ['kept', appeal.reservedFor && `for ${appeal.reservedFor} until ${time(appeal.reservedUntil)}`],
          ] as const)
        : []),
      ...(isOpen
        ? []
        : ([
            ['decided', time(appeal.decidedAt)],
            ...(isSeen ? ([['decided by', appeal.decidedBy]] as const) : []),
            ...(appeal.clause === null ? [] : ([['other clause', appeal.clause]] as const)),
            ['reason', appeal.reason],
          ] as const)),
      ['measure', [measure.measure, measure.action].filter(Boolean).join(' ')],
      ['measure until', time(measure.until)],
      ['measure for', [...new Set([measure.clause, ...measure.categories].filter(Boolean))].join(', ')],
      ['carried out', CARRIED_OUT[measure.status]],
    ]),
    ...(appeal.text === null ? [] : [quotation(appeal.text)]),
    ...(appeal.hearers === null
      ? []
      : [
          table(
            ['person', 'may hear it'],
            appeal.hearers.map(({ person, conflict }) => [person, mayHear(conflict)]),
            'nobody has a token of a role that hears appeals',
          ),
        ]),
    ...(isSeen
      ? [
          table(
            ['position', 'time', 'event', 'by'],
            appeal.history.map((one) => [Number(one.position), time(one.time), one.type, actorText(one.actor)]),
          ),
        ]
      : []),
  ]);
}
