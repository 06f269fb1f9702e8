import type { ApiClient } from '../cli/api-client.js';
import { ApiProblem } from '../cli/api-errors.js';
import { type CommandGroup, command, positionOrTime } from '../cli/commands.js';
import { pairs, table, time } from '../cli/rendering/table.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import type { AccountAnswer } from './queries/show-account.js';

export type { AccountAnswer } from './queries/show-account.js';

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('account')
    .description('Shows accounts, as they are or as they were; changes an address.');
  command(
    group,
    'show <id>',
    'Shows the state of an account and its history.',
    'account show acc-1',
    'account show acc-1 --as-of 2022-05-18T09:00:00Z',
    'account show acc-1 --as-of 1234',
  )
    .option('--as-of <moment>', 'the state at a position of the log or at a time (RFC 3339)', positionOrTime)
    .action(
      run<{ asOf?: string }>(async ({ client, print }, { asOf }, id) => {
        const account = await client.get<AccountAnswer>(pathOf(id!), { asOf });
        print(account, () => accountText(account));
      }),
    );
  command(
    group,
    'address <id> <email>',
    'Changes the address of an account. The former one is free again. Repeating it changes nothing.',
    'account address acc-1 ada@example.org',
  ).action(
    run(async ({ client, print }, _, id, email) => {
      const changed = await client.put<WriteReceipt>(`${pathOf(id!)}/address`, { email });
      print(changed, () => `the address of ${id} is ${email}`);
    }),
  );
};

const pathOf = (accountId: string) => `/v1/accounts/${encodeURIComponent(accountId)}`;

/** An account's state, or undefined for an unknown account. */
export async function accountOf(client: ApiClient, accountId: string): Promise<AccountAnswer | undefined> {
  try {
    return await client.get<AccountAnswer>(pathOf(accountId));
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return undefined;
    throw error;
  }
}

function accountText(account: AccountAnswer): string {
  const about = pairs([
    ['account', account.accountId],
    ['status', account.status],
    ['deactivated', account.deactivated],
    ['suspended until', time(account.suspendedUntil)],
    ['policy accepted', account.policyVersion],
    ['cohort', account.cohortId],
    ['as of', `position ${account.asOf.position}, stored ${time(account.asOf.time)}`],
  ]);
  const rows = account.history.map((one) => [
    Number(one.position),
    time(one.time),
    one.type,
    `${one.actor.kind}:${one.actor.id}`,
  ]);
  return `${about}\n\n${table(['position', 'time', 'event', 'by'], rows)}`;
}
