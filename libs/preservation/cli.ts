import { type CommandGroup, command, instant, integer, reason } from '../cli/commands.js';
import { line } from '../cli/rendering/plain-text.js';
import { table, time } from '../cli/rendering/table.js';
import { listed } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { HoldEntry } from './queries/list-holds.js';

interface Filter {
  account?: string;
  inForce?: boolean;
  reportDue?: boolean;
  limit: number;
}

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('hold')
    .description('Holds on the data of accounts, which keep it from being erased, and reports to authorities.');

  command(group, 'list', 'Lists holds, the oldest first.', 'hold list --report-due', 'hold list --account acc-1')
    .option('--account <id>', 'only holds on this account')
    .option('--in-force', 'only those in force')
    .option('--no-in-force', 'only those that were lifted')
    .option('--report-due', 'only those whose report to an authority is due')
    .option('--no-report-due', 'only the others')
    .option('--limit <n>', 'maximum number of holds', integer(1, 1_000_000), 50)
    .action(
      run<Filter>(async (session, { account, inForce, reportDue, limit }) => {
        const items = await listed<HoldEntry>(session, '/v1/legal-holds', { account, inForce, reportDue }, limit);
        const rows = items.map((one) => [
          ...[
            one.accountId,
            one.holdId,
            one.caseId,
            one.clause,
            one.reason,
            time(one.placedAt),
            one.liftedAt && time(one.liftedAt),
          ],
          one.isReportDue ? 'due' : one.reportedAt && `${one.authority} ${one.reference}`,
        ]);
        const head = ['account', 'hold', 'case', 'clause', 'reason', 'placed', 'lifted', 'report'];
        session.print({ items }, () => table(head, rows, 'no hold'));
      }),
    );

  command(
    group,
    'place <account> <hold>',
    'Places a hold: what is stored of the account must not be erased. Repeating it changes nothing; a lifted one needs another id.',
    "hold place acc-1 request-2022-17 --reason 'an order of a court'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, { reason: why }, account, holdId) => {
        const body = { holdId, reason: why };
        const written = await client.post<WriteReceipt>(holdsOf(account!), body, { repeatable: true });
        print(written, () => line`hold ${holdId} on account ${account} is placed`);
      }),
    );

  command(
    group,
    'lift <account> <hold>',
    'Lifts a hold. Repeating it changes nothing.',
    "hold lift acc-1 request-2022-17 --reason 'the authority has the data'",
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async ({ client, print }, { reason: why }, account, holdId) => {
        const path = `${holdsOf(account!)}/${encodeURIComponent(holdId!)}`;
        const written = await client.request<WriteReceipt>('DELETE', path, { query: { reason: why } });
        print(written, () => line`hold ${holdId} on account ${account} is lifted`);
      }),
    );

  command(
    group,
    'report <case>',
    'Records that a case was reported to an authority. The report itself is sent elsewhere.',
    'hold report img-1 --authority NCMEC --reference CT-2022-1 --sent-at 2022-05-19T12:00:00Z',
  )
    .requiredOption('--authority <name>', 'which authority')
    .requiredOption('--reference <text>', 'the reference that the authority gave, or that of the report')
    .requiredOption('--sent-at <time>', 'when it was sent', instant)
    .action(
      run<{ authority: string; reference: string; sentAt: string }>(async ({ client, print }, report, caseId) => {
        const path = `/v1/cases/${encodeURIComponent(caseId!)}/authority-reports`;
        const written = await client.post<WriteReceipt>(path, report, { repeatable: true });
        print(written, () => line`the report of case ${caseId} to ${report.authority} is recorded`);
      }),
    );
};

const holdsOf = (account: string): string => `/v1/accounts/${encodeURIComponent(account)}/legal-holds`;
