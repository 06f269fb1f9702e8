import { type Command, Option } from 'commander';
import { type CommandGroup, type Condition, command, conditionOf, ifMatch, integer, reason } from '../cli/commands.js';
import { line, paragraphs } from '../cli/rendering/plain-text.js';
import { rowsOf, table } from '../cli/rendering/table.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { AuthorityRecordsAnswer } from './queries/show-authorities.js';

type Run = Parameters<CommandGroup>[1];
type Given = { reason: string } & Condition;

const REASON = ['--reason <text>', 'why it is recorded or corrected; no personal data', reason] as const;
const SHOWN = 'authority records';
const MAX_ITEMS = 1_000_000;

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('authority')
    .description(
      'What comes from authorities and out-of-court bodies under the EU Digital Services Act, for the transparency report.',
    );

  command(
    group,
    'records',
    'Shows orders of authorities, disputes before out-of-court bodies, the trusted flaggers, and the etag.',
    'authority records',
  ).action(
    run(async ({ client, print }) => {
      const records = await client.get<AuthorityRecordsAnswer>('/v1/authority-records');
      print(records, () =>
        paragraphs([
          line`etag: ${records.etag}`,
          table(
            ['order', 'kind', 'country', 'category', 'keyword', 'items', 'received', 'acknowledged', 'carried out'],
            records.orders.map((one) => [
              ...[one.orderId, one.kind, one.country, one.category, one.keyword, one.items],
              ...[one.receivedAt, one.acknowledgedAt, one.carriedOutAt],
            ]),
            'no order is recorded',
          ),
          table(
            ['dispute', 'submitted', 'decided', 'outcome', 'carried out'],
            rowsOf(
              records.disputes.map((one) => ({ ...one, isImplemented: one.isImplemented && 'yes' })),
              ...(['disputeId', 'submittedAt', 'decidedAt', 'outcome', 'isImplemented'] as const),
            ),
            'no dispute is recorded',
          ),
          table(
            ['trusted flagger', 'reason'],
            rowsOf(records.trustedFlaggers, 'flaggerId', 'reason'),
            'nobody is a trusted flagger',
          ),
        ]),
      );
    }),
  );

  orderCommand(group, run);
  disputeCommand(group, run);
  flaggerCommands(group, run);
};

function orderCommand(group: Command, run: Run): void {
  command(
    group,
    'order <id>',
    'Records an order of an authority, or corrects and completes what is recorded of it: give all of it each time.',
    "authority order order-1 --kind act --country DE --category STATEMENT_CATEGORY_VIOLENCE --items 2 --received 2026-05-18T09:00:00Z --reason 'letter 17'",
    "authority order order-2 --kind inform --country FR --received 2026-05-18T09:00:00Z --acknowledged 2026-05-18T10:00:00Z --reason 'letter 18'",
  )
    .addOption(
      new Option('--kind <kind>', 'to act against illegal content, or to inform')
        .choices(['act', 'inform'])
        .makeOptionMandatory(),
    )
    .requiredOption('--country <code>', 'the country of the authority, such as DE')
    .option('--category <code>', 'the category of illegal content')
    .option('--keyword <code>', 'a keyword of that category')
    .option('--items <n>', 'of --kind act: how many items of information it names', integer(1, MAX_ITEMS))
    .requiredOption('--received <time>', 'when it arrived (RFC 3339)')
    .option('--acknowledged <time>', 'when the authority was informed of that')
    .option('--carried-out <time>', 'when it was given effect')
    .requiredOption(...REASON)
    .addOption(ifMatch(SHOWN))
    .action(
      run<Given & Record<'kind' | 'country' | 'received', string> & Partial<Record<string, string>>>(
        async ({ client, print }, options, id) => {
          const { kind, country, category, keyword, items, received, acknowledged, carriedOut, reason: why } = options;
          const body = {
            ...{ kind, country, category, keyword, items, reason: why },
            ...{ receivedAt: received, acknowledgedAt: acknowledged, carriedOutAt: carriedOut },
          };
          const path = `/v1/authority-orders/${encodeURIComponent(id!)}`;
          const written = await client.put<WriteReceipt>(path, body, conditionOf(options));
          print(written, () => line`order ${id} is recorded, from position ${written.position}`);
        },
      ),
    );
}

function disputeCommand(group: Command, run: Run): void {
  command(
    group,
    'dispute <id>',
    'Records a dispute before an out-of-court body, or corrects and completes what is recorded of it: give all of it each time.',
    "authority dispute dispute-1 --submitted 2026-05-18T09:00:00Z --decided 2026-06-18T09:00:00Z --outcome reversed --implemented yes --reason 'decision 4'",
  )
    .requiredOption('--submitted <time>', 'when it was submitted to the body (RFC 3339)')
    .option('--decided <time>', 'when the body decided it, or left it undecided')
    .addOption(
      new Option('--outcome <outcome>', 'what it decided of our decision').choices([
        ...['upheld', 'partly-reversed', 'reversed', 'omitted'],
      ]),
    )
    .addOption(new Option('--implemented <answer>', 'whether that was carried out here').choices(['yes', 'no']))
    .requiredOption(...REASON)
    .addOption(ifMatch(SHOWN))
    .action(
      run<Given & { submitted: string; decided?: string; outcome?: string; implemented?: string }>(
        async ({ client, print }, options, id) => {
          const { submitted, decided, outcome, implemented, reason: why } = options;
          const body = {
            ...{ submittedAt: submitted, decidedAt: decided, outcome, reason: why },
            ...(implemented !== undefined && { isImplemented: implemented === 'yes' }),
          };
          const path = `/v1/disputes/${encodeURIComponent(id!)}`;
          const written = await client.put<WriteReceipt>(path, body, conditionOf(options));
          print(written, () => line`dispute ${id} is recorded, from position ${written.position}`);
        },
      ),
    );
}

function flaggerCommands(group: Command, run: Run): void {
  command(
    group,
    'trust-flagger <account>',
    'Counts the flags of an account as notices of a trusted flagger from now on.',
    "authority trust-flagger acc-9 --reason 'named by the Digital Services Coordinator'",
  )
    .requiredOption(...REASON)
    .addOption(ifMatch(SHOWN))
    .action(
      run<Given>(async ({ client, print }, options, id) => {
        const path = `/v1/trusted-flaggers/${encodeURIComponent(id!)}`;
        const written = await client.put<WriteReceipt>(path, { reason: options.reason }, conditionOf(options));
        print(written, () => line`${id} is a trusted flagger from position ${written.position}`);
      }),
    );

  command(
    group,
    'distrust-flagger <account>',
    'Counts the flags of an account as those of any user from now on.',
    "authority distrust-flagger acc-9 --reason 'its status has ended'",
  )
    .requiredOption(...REASON)
    .addOption(ifMatch(SHOWN))
    .action(
      run<Given>(async ({ client, print }, options, id) => {
        const path = `/v1/trusted-flaggers/${encodeURIComponent(id!)}`;
        const written = await client.delete<WriteReceipt>(path, {
          ...{ query: { reason: options.reason } },
          ...conditionOf(options),
        });
        print(written, () => line`${id} is a trusted flagger no more, from position ${written.position}`);
      }),
    );
}
