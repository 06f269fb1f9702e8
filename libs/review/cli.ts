import { Argument, Option } from 'commander';
import { type CommandGroup, command, integer } from '../cli/commands.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../cli/rendering/table.js';
import { listed } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { ClaimAnswer } from './features/claim-case.js';
import type { VerdictAnswer } from './features/give-verdict.js';
import type { CaseEntry } from './queries/case-queue.js';
import type { CaseAnswer } from './queries/show-case.js';

const STATUSES = ['open', 'claimed', 'confirmed', 'dismissed'];
const VERDICTS = ['safe', 'unsafe', 'unsure'];

interface Verdict {
  note?: string;
}

export const commands: CommandGroup = (program, run) => {
  const group = program.command('case').description('Reviews flagged images: the queue, claims and verdicts.');

  command(
    group,
    'list',
    'Lists cases in the order of the queue: the oldest first.',
    'case list',
    'case list --status confirmed',
  )
    .addOption(new Option('--status <status>', 'only cases with this status').choices(STATUSES).default('open'))
    .option('--limit <n>', 'maximum number of cases', integer(1, 1_000_000), 50)
    .action(
      run<{ status: string; limit: number }>(async (session, { status, limit }) => {
        const items = await listed<CaseEntry>(session, '/v1/cases', { status }, limit);
        session.print({ items }, () => {
          const rows = items.map((one) => ({ ...one, found: one.categories.join(', '), given: one.verdicts.length }));
          return table(
            ['case', 'account', 'round', 'opened', 'categories', 'verdicts', 'panel', 'claimed by', 'until'],
            rowsOf(
              rows,
              'caseId',
              'accountId',
              'round',
              'openedAt',
              'found',
              'given',
              'panelSize',
              'claimedBy',
              'claimedUntil',
            ),
            `no case is ${status}`,
          );
        });
      }),
    );

  command(group, 'show <id>', 'Shows a case, its verdicts and its history.', 'case show img-1').action(
    run(async ({ client, print }, _, id) => {
      const shown = await client.get<CaseAnswer>(pathOf(id!));
      print(shown, () => caseText(shown));
    }),
  );

  command(
    group,
    'claim <id>',
    'Claims a case, so that nobody else reviews it until the claim ends. Repeating it changes nothing.',
    'case claim img-1',
  ).action(
    run(async ({ client, print }, _, id) => {
      const claim = await client.post<ClaimAnswer>(`${pathOf(id!)}/claim`, {}, { repeatable: true });
      print(claim, () => line`case ${claim.caseId} is claimed by ${claim.reviewer} until ${time(claim.until)}`);
    }),
  );

  command(group, 'release <id>', 'Gives a claimed case back to the queue.', 'case release img-1').action(
    run(async ({ client, print }, _, id) => {
      const released = await client.post<WriteReceipt>(`${pathOf(id!)}/release`, undefined, { repeatable: true });
      print(released, () => line`case ${id} is released`);
    }),
  );

  command(
    group,
    'verdict',
    'Gives your verdict on a case. The last verdict of the panel decides it. A second one changes nothing.',
    "case verdict img-1 unsafe --note 'see the lower left'",
  )
    .argument('<id>', 'the case')
    .addArgument(new Argument('<verdict>', 'your judgement of the image').choices(VERDICTS))
    .option('--note <text>', 'why; stored encrypted')
    .action(
      run<Verdict>(async ({ client, print }, { note }, id, verdict) => {
        const body = { verdict, note };
        const judged = await client.post<VerdictAnswer>(`${pathOf(id!)}/verdicts`, body, { repeatable: true });
        print(judged, () => line`case ${judged.caseId} is ${judged.status}`);
      }),
    );
};

const pathOf = (caseId: string): string => `/v1/cases/${encodeURIComponent(caseId)}`;

function caseText(shown: CaseAnswer): Shown {
  const { claim, verdicts, history } = shown;
  const about = pairs([
    ['case', shown.caseId],
    ['account', shown.accountId],
    ['status', shown.status],
    ['round', shown.round],
    ['panel', shown.panelSize],
    ['categories', shown.categories.join(', ')],
    ['flagged by', shown.flaggers.join(', ')],
    ['claimed', claim && `by ${claim.reviewer} until ${time(claim.until)}`],
  ]);
  const given = table(
    ['reviewer', 'system', 'verdict'],
    rowsOf(verdicts, 'reviewer', 'source', 'verdict'),
    'no verdict yet',
  );
  const rows = history.map((one) => [Number(one.position), time(one.time), one.type, actorText(one.actor)]);
  return paragraphs([about, given, table(['position', 'time', 'event', 'by'], rows)]);
}
