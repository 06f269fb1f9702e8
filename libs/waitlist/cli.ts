import { Option } from 'commander';
import { type CommandGroup, command, integer, label, reason, severalOf, sharedGroup } from '../cli/commands.js';
import { EXIT } from '../cli/exit-codes.js';
import { line, lines } from '../cli/rendering/plain-text.js';
import { number, rowsOf, table } from '../cli/rendering/table.js';
import { listed, type Session } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { counted, people } from '../kernel/counted.js';
import { waitlistAddressesCommand } from './cli/addresses.js';
import { waitlistConfirmationCommands } from './cli/confirmations.js';
import { waitlistImportCommand } from './cli/import.js';
import type { JoinAnswer } from './features/join-waitlist.js';
import type { ClassAnswer } from './features/set-waitlist-class.js';
import type { PlaceAnswer } from './queries/show-place.js';
import type { WaitlistEntry, WaitlistPage } from './queries/waitlist.js';

const STATUSES = ['waiting', 'unconfirmed', 'invited', 'accepted', 'left', 'onboarded', 'barred'];

interface Joining {
  locale?: string;
  reason?: string;
  priority?: number;
  class?: string;
  policyVersion?: string;
}

export const commands: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'waitlist', 'Adds people to the waitlist, removes them and lists it.');

  command(
    group,
    'join <email>',
    'Adds a person to the waitlist. Repeating it changes nothing.',
    'waitlist join ada@example.org --locale en-GB',
  )
    .option('--locale <tag>', "the person's language, such as en-GB")
    .option('--reason <text>', 'what the person wants to create')
    .option('--priority <class>', 'priority class, where 0 is onboarded first (default: 5)', integer(0, 9))
    .option('--class <class>', 'class of the waitlist, such as artists (default: general)', label)
    .option('--policy-version <version>', 'the version of the content policy to which the person agrees')
    .action(
      run<Joining>(async ({ client, print }, { locale, reason, priority, class: of, policyVersion }, email) => {
        const body = { email, locale, reason, priority, class: of, policyVersion };
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
    'place <account>',
    'Shows the place of an account in the line of its class, rounded up.',
    'waitlist place acc-1',
  ).action(
    run(async ({ client, print }, _, accountId) => {
      const place = await client.get<PlaceAnswer>(`/v1/waitlist/${encodeURIComponent(accountId!)}/place`);
      const { status, placeUpTo } = place;
      print(place, () =>
        placeUpTo === null
          ? line`${accountId} is ${status}`
          : line`${accountId} is among the first ${number(placeUpTo)}`,
      );
    }),
  );

  command(
    group,
    'accept <account>',
    'Records that an invited account accepts; a cohort onboards it next. Repeating it changes nothing.',
    'waitlist accept acc-1',
  ).action(
    run(async ({ client, print }, _, account) => {
      const path = `/v1/waitlist/${encodeURIComponent(account!)}/invitation-acceptance`;
      const receipt = await client.post<WriteReceipt>(path, {}, { repeatable: true });
      print(receipt, () => line`account ${account!} has accepted its invitation`);
    }),
  );
  command(
    group,
    'class <class>',
    'Puts accounts into a class of the waitlist. Staff is chosen first, hold-out never. Repeating it changes nothing.',
    'waitlist class artists --accounts acc-1,acc-2 --reason "the artist programme"',
  )
    .requiredOption('--accounts <ids>', 'the accounts, separated by commas', severalOf)
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ accounts: string[]; reason: string }>(async ({ client, print }, { accounts, reason }, of) => {
        const body = { class: of, accounts, reason };
        const answer = await client.post<ClassAnswer>('/v1/waitlist/classes', body, { repeatable: true });
        print(answer, () =>
          lines([
            line`${classText(answer, accounts.length)}`,
            ...answer.refused.map(({ accountId, why }) => line`not ${accountId}: ${why}`),
          ]),
        );
        return answer.refused.length > 0 ? EXIT.failed : EXIT.done;
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
        const nobody = items.length === 0 ? await nobodyText(session, status) : '';
        session.print({ items }, () =>
          table(
            ['account', 'status', 'class', 'priority', 'joined', 'cohort', 'onboarded'],
            rowsOf(items, 'accountId', 'status', 'class', 'priority', 'joinedAt', 'cohortId', 'onboardedAt'),
            nobody,
          ),
        );
      }),
    );

  waitlistConfirmationCommands(program, run);
  waitlistImportCommand(program, run);
  waitlistAddressesCommand(program, run);
};

/** @param given the number of accounts that were named */
function classText({ class: name, changed, refused }: ClassAnswer, given: number): string {
  const put = `${counted(changed, 'account was', 'accounts were')} put into the class ${name}`;
  const before = given - changed - refused.length;
  return before === 0 ? put : `${put}, ${counted(before, 'was', 'were')} in it before`;
}

/** Who has joined and is not in the line yet would otherwise seem lost. */
async function nobodyText({ client }: Session, status: string): Promise<string> {
  if (status !== 'waiting') return `nobody is ${status}`;
  const { unconfirmed } = await client.get<WaitlistPage>('/v1/waitlist', { limit: 1 });
  if (unconfirmed === 0) return 'nobody is waiting';
  return `nobody is waiting: ${people(unconfirmed, ['has to confirm its', 'have to confirm their'])} address first (--status unconfirmed)`;
}
