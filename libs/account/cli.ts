import type { ApiClient } from '../cli/api-client.js';
import { ApiProblem } from '../cli/api-errors.js';
import {
  type CommandGroup,
  type Condition,
  command,
  conditionOf,
  ifMatch,
  instant,
  label,
  severalOf,
} from '../cli/commands.js';
import { actorText } from '../cli/rendering/actor.js';
import { line, lines, paragraphs, type Shown } from '../cli/rendering/plain-text.js';
import { exactTime, pairs, table, time } from '../cli/rendering/table.js';
import type { Session } from '../cli/session.js';
import type { WriteReceipt } from '../http/write-receipt.js';
import { type HeldRule, heldText } from '../image-rules/cli.js';
import { type Suspension, suspensionText } from '../switches/cli.js';
import type { AccountAnswer } from './queries/account-answer.js';

export type { AccountAnswer } from './queries/account-answer.js';

export const commands: CommandGroup = (program, run) => {
  const group = program
    .command('account')
    .description('Shows accounts, as they are or as they were, and why; suspends, deactivates and reinstates them.');
  command(
    group,
    'show <id>',
    'Shows the state of an account and its history.',
    'account show acc-1',
    'account show acc-1 --as-of 2022-05-18T09:00:00Z',
    'account show acc-1 --as-of 1234',
  ).action(
    run(async ({ client, print }, _, id) => {
      const account = await client.get<AccountAnswer>(pathOf(id!));
      print(account, () => accountText(account));
    }),
  );
  command(
    group,
    'why <id>',
    'Says why an account has no access, or why it has: reason, case, image, who and when.',
    'account why acc-1',
    'account why acc-1 --as-of 2022-05-18T09:00:00Z',
  ).action(
    run(async ({ client, print }, _, id) => {
      const { accountId, cohortId, why } = await client.get<AccountAnswer>(pathOf(id!));
      const of = async <One extends { cohortId: string | null }>(path: string): Promise<One[]> => {
        const { items } = await client.get<{ items: One[] }>(path);
        return items.filter((one) => one.cohortId === null || one.cohortId === cohortId);
      };
      const switches = await of<Suspension>('/v1/switches');
      const rules = await of<HeldRule>('/v1/image-rules');
      print({ accountId, why, switches, rules }, () =>
        lines([
          ...why.map((one) => line`${one.text}`),
          ...switches.map((one) => line`suspended: ${suspensionText(one)}`),
          ...rules.map((one) => line`${heldText(one)}`),
        ]),
      );
    }),
  );
  command(
    group,
    'suspend <id>',
    'Denies an account everything until a given time. A later call changes that time.',
    'account suspend acc-1 --until 2032-06-01T00:00:00Z --reason second-strike',
  )
    .requiredOption('--until <time>', 'when the suspension ends (RFC 3339)', instant)
    .requiredOption('--reason <label>', 'why, as a lower-case label', label)
    .addOption(ifMatch('account show'))
    .action(
      run<{ until: string; reason: string } & Condition>(({ client, print }, body, id) =>
        change(client, print, id!, 'suspension', body, `is suspended until ${body.until}`),
      ),
    );
  command(
    group,
    'deactivate <id>',
    'Revokes the access of an account until it is reinstated. Repeating it changes nothing.',
    'account deactivate acc-1 --reason operator-decision --categories violent',
  )
    .requiredOption('--reason <label>', 'why, as a lower-case label', label)
    .option('--categories <labels>', 'what was found, as labels separated by commas', severalOf)
    .addOption(ifMatch('account show'))
    .action(
      run<{ reason: string; categories?: string[] } & Condition>(({ client, print }, body, id) =>
        change(client, print, id!, 'deactivation', body, 'is deactivated'),
      ),
    );
  command(
    group,
    'restrict <id> <action>',
    'Denies an account one action until a given time. A later call changes that time.',
    'account restrict acc-1 share --until 2032-06-01T00:00:00Z --reason spam',
  )
    .requiredOption('--until <time>', 'when the restriction ends (RFC 3339)', instant)
    .requiredOption('--reason <label>', 'why, as a lower-case label', label)
    .addOption(ifMatch('account show'))
    .action(
      run<{ until: string; reason: string } & Condition>(({ client, print }, options, id, action) => {
        const body = { action, ...options };
        return change(client, print, id!, 'restriction', body, `may not ${action} until ${options.until}`);
      }),
    );
  command(
    group,
    'reinstate <id>',
    'Reverses deactivations, suspensions and restrictions. Repeating it changes nothing.',
    'account reinstate acc-1 --reason appeal-granted',
    'account reinstate acc-1 --reason appeal-granted --cause img-1',
  )
    .requiredOption('--reason <label>', 'why, as a lower-case label', label)
    .option('--cause <id>', 'only what this case or enforcement has led to, its strike too')
    .addOption(ifMatch('account show'))
    .action(
      run<{ reason: string; cause?: string } & Condition>(({ client, print }, body, id) =>
        change(
          client,
          print,
          id!,
          'reinstatement',
          body,
          body.cause === undefined ? 'is reinstated' : `has nothing in force because of ${body.cause}`,
        ),
      ),
    );
  command(
    group,
    'address <id> <email>',
    'Changes the address of an account. The former one is free again. Repeating it changes nothing.',
    'account address acc-1 ada@example.org',
  )
    .addOption(ifMatch('account show'))
    .action(
      run<Condition>(async ({ client, print }, condition, id, email) => {
        const changed = await client.put<WriteReceipt>(`${pathOf(id!)}/address`, { email }, conditionOf(condition));
        print(changed, () => line`the address of ${id} is ${email}`);
      }),
    );
};

async function change(
  client: ApiClient,
  print: Session['print'],
  accountId: string,
  what: 'suspension' | 'restriction' | 'deactivation' | 'reinstatement',
  { ifMatch: etag, ...body }: Condition & object,
  done: string,
): Promise<void> {
  const options = { repeatable: true, ...conditionOf(etag === undefined ? {} : { ifMatch: etag }) };
  const written = await client.post<WriteReceipt>(`${pathOf(accountId)}/${what}`, body, options);
  print({ accountId, ...written }, () => line`${accountId} ${done}`);
}

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

function accountText(account: AccountAnswer): Shown {
  const about = pairs([
    ['account', account.accountId],
    ['status', account.status],
    ['deactivated', account.deactivated],
    ['suspended until', time(account.suspendedUntil)],
    ['policy accepted', account.policyVersion],
    ['cohort', account.cohortId],
    ['etag', account.etag],
    ['as of', `position ${account.asOf.position}, stored ${exactTime(account.asOf.time)}`],
  ]);
  const rows = account.history.map((one) => [
    Number(one.position),
    exactTime(one.time),
    one.type,
    actorText(one.actor),
    [
      one.action,
      one.reason,
      one.caseId && `case ${one.caseId}`,
      one.enforcementId && `enforcement ${one.enforcementId}`,
      one.cause && `cause ${one.cause}`,
      one.until,
      one.cohortId,
      one.version,
    ]
      .filter(Boolean)
      .join(', '),
  ]);
  const inForce = account.consequences.map((one) => [
    [one.measure, one.action].filter(Boolean).join(' of '),
    one.cause,
    time(one.until),
  ]);
  const why = lines(account.why.map((one) => line`${one.text}`));
  return paragraphs([
    about,
    why,
    ...(inForce.length > 0 ? [table(['in force', 'cause', 'until'], inForce)] : []),
    table(['position', 'time', 'event', 'by', 'why'], rows),
  ]);
}
