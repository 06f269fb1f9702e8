import { Option } from 'commander';
import { type CommandGroup, command, integer } from '../cli/commands.js';
import { line } from '../cli/rendering/plain-text.js';
import { rowsOf, table } from '../cli/rendering/table.js';
import { listed } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { JoinAnswer } from './features/join-waitlist.js';
import type { WaitlistEntry } from './queries/waitlist.js';

const STATUSES = ['waiting', 'left', 'onboarded', 'barred'];

interface Joining {
  locale?: string;
  reason?: string;
  priority?: number;
}

export const commands: CommandGroup = (program, run) => {
  const group = program.command('waitlist').description('Adds people to the waitlist, removes them and lists it.');

  command(
    group,
    'join <email>',
    'Adds a person to the waitlist. Repeating it changes nothing.',
    'waitlist join ada@example.org --locale en-GB',
  )
    .option('--locale <tag>', "the person's language, such as en-GB")
    .option('--reason <text>', 'what the person wants to create')
    .option('--priority <class>', 'priority class, where 0 is onboarded first (default: 5)', integer(0, 9))
    .action(
      run<Joining>(async ({ client, print }, { locale, reason, priority }, email) => {
        const body = { email, locale, reason, priority };
        const joined = await client.post<JoinAnswer>('/v1/waitlist', body, { repeatable: true });
        print(joined, () =>
          joined.accountId ? line`${joined.accountId} is ${joined.status}` : line`${joined.status}`,
        );
      }),
    );

  command(
    group,
    'leave <account>',
    'Removes an account from the waitlist. It may join again, at the end. Repeating it changes nothing.',
    'waitlist leave acc-1',
  ).action(
    run(async ({ client, print }, _, accountId) => {
      const left = await client.delete<WriteReceipt>(`/v1/waitlist/${encodeURIComponent(accountId!)}`);
      print({ accountId, ...left }, () => line`${accountId} is no longer on the waitlist`);
    }),
  );

  command(
    group,
    'list',
    'Lists people in the order in which they will be onboarded.',
    'waitlist list',
    'waitlist list --status onboarded --limit 1000 --json',
  )
    .addOption(new Option('--status <status>', 'only people with this status').choices(STATUSES).default('waiting'))
    .option('--limit <n>', 'maximum number of entries', integer(1, 1_000_000), 50)
    .action(
      run<{ status: string; limit: number }>(async (session, { status, limit }) => {
        const items = await listed<WaitlistEntry>(session, '/v1/waitlist', { status }, limit);
        session.print({ items }, () =>
          table(
            ['account', 'status', 'priority', 'joined', 'cohort', 'onboarded'],
            rowsOf(items, 'accountId', 'status', 'priority', 'joinedAt', 'cohortId', 'onboardedAt'),
            `nobody is ${status}`,
          ),
        );
      }),
    );
};
