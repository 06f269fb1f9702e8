import { type Command, Option } from 'commander';
import type { WaitlistEntry, Written } from '../api-answers.js';
import { wholeNumber, withExamples } from '../command-options.js';
import { table, time } from '../rendering/table.js';
import type { Runner } from '../session.js';

const STATUSES = ['waiting', 'left', 'onboarded', 'barred'];

interface Joining {
  locale?: string;
  reason?: string;
  priority?: number;
}

export function waitlistCommands(program: Command, run: Runner): void {
  const group = program.command('waitlist').description('Who asked for access.');

  const join = group
    .command('join <email>')
    .description('Put a person on the waitlist; doing it again changes nothing.')
    .option('--locale <tag>', 'language to write in, like en-GB')
    .option('--reason <text>', 'what the person wants to make')
    .option('--priority <class>', 'priority class, 0 is served first; 5 by default', wholeNumber(0, 9))
    .action(
      run<Joining>(async ({ client, print }, { locale, reason, priority }, email) => {
        const body = { email, locale, reason, priority };
        const joined = await client.post<Partial<Written> & { accountId?: string; status: string }>(
          '/v1/waitlist',
          body,
          { repeatable: true },
        );
        print(joined, () => (joined.accountId ? `${joined.accountId} is ${joined.status}` : joined.status));
        return undefined;
      }),
    );
  withExamples(join, 'waitlist join ada@example.org --locale en-GB');

  const list = group
    .command('list')
    .description('The waitlist, in the order of its turn.')
    .addOption(new Option('--status <status>', 'whom').choices(STATUSES).default('waiting'))
    .option('--limit <n>', 'entries at the most', wholeNumber(1, 1_000_000), 50)
    .action(
      run<{ status: string; limit: number }>(async ({ client, print }, { status, limit }) => {
        const items = await client.list<WaitlistEntry>('/v1/waitlist', { status }, limit);
        print({ items }, () =>
          table(
            ['account', 'status', 'priority', 'joined', 'cohort', 'onboarded'],
            items.map((entry) => [
              entry.accountId,
              entry.status,
              entry.priority,
              time(entry.joinedAt),
              entry.cohortId,
              time(entry.onboardedAt),
            ]),
            `nobody is ${status}`,
          ),
        );
        return undefined;
      }),
    );
  withExamples(list, 'waitlist list', 'waitlist list --status onboarded --limit 1000 --json');
}
