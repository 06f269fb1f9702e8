import pMap from 'p-map';
import { type AccountAnswer, accountOf } from '../../account/cli.js';
import type { ApiClient } from '../../cli/api-client.js';
import { type CommandGroup, command, integer, reason, severalOf, sharedGroup } from '../../cli/commands.js';
import { EXIT } from '../../cli/exit-codes.js';
import { line, lines, type Shown } from '../../cli/rendering/plain-text.js';
import { number, rowsOf, table } from '../../cli/rendering/table.js';
import { listed } from '../../cli/session.js';
import { people } from '../../kernel/counted.js';
import { InvalidInput } from '../../kernel/errors.js';
import { MAX_PER_WEEK } from '../../kernel/rollout-limits.js';
import { passed } from '../../operations/cli.js';
import { eventPages } from '../../publish/cli/event-pages.js';
import type { CohortOnboarded } from '../events.js';
import type { AdmittedAnswer } from '../features/admit-cohort.js';
import type { ClosingAnswer } from '../features/close-cohort.js';
import type { AddressesAnswer } from '../features/export-addresses.js';
import type { CohortAnswer } from '../queries/cohort-list.js';

const ONBOARDING = 'reactor:filling-places';
const LOOK_UPS_IN_FLIGHT = 16;

interface Onboarding {
  id?: string;
  size?: number;
  accounts?: string[];
  priority?: number;
  wait: boolean;
}

export const cohortCommands: CommandGroup = (program, run) => {
  const group = sharedGroup(program, 'cohort', 'Onboards people in cohorts, and shows them.');
  command(group, 'list', 'Lists cohorts, the newest first.', 'cohort list', 'cohort list --limit 1000 --json')
    .option('--limit <n>', 'maximum number of cohorts', integer(1, 1_000_000), 50)
    .action(
      run<{ limit: number }>(async (session, { limit }) => {
        const items = await listed<CohortAnswer>(session, '/v1/cohorts', {}, limit);
        session.print({ items }, () => cohortTable(items));
      }),
    );
  command(
    group,
    'show <id>',
    'Shows a cohort: people admitted, and of those onboarded so far.',
    'cohort show 2022-w20',
  ).action(
    run(async ({ client, print }, _, id) => {
      const cohort = await client.get<CohortAnswer>(`/v1/cohorts/${encodeURIComponent(id!)}`);
      print(cohort, () => cohortTable([cohort]));
    }),
  );
  command(
    group,
    'onboard',
    `Admits a cohort within the rate, waits until it is onboarded, and lists its accounts. The exit code is ${EXIT.nobodyWaiting} if nobody was waiting.`,
    'cohort onboard --size 100',
    'cohort onboard --id 2032-w20 --accounts acc-1,acc-2',
    'cohort onboard --no-wait',
  )
    .option(
      '--size <n>',
      'number of people, from the front of the waitlist; by default as many as the rate allows',
      integer(1, MAX_PER_WEEK),
    )
    .option('--id <cohort>', 'its id; generated if none is given')
    .option('--accounts <ids>', 'these accounts instead, separated by commas', severalOf)
    .option('--priority <class>', 'only people of this priority class', integer(0, 9))
    .option('--no-wait', 'exit after the admission, without waiting for the onboarding')
    .action(
      run<Onboarding>(async ({ client, ids, progress, print }, { id, size, accounts, priority, wait }) => {
        const beside = Object.entries({ size, priority }).filter(([, value]) => accounts && value !== undefined);
        if (beside.length > 0) {
          throw new InvalidInput(
            beside.map(([name]) => ({ field: `--${name}`, message: 'cannot be combined with --accounts' })),
          );
        }
        const admitted = await admitCohort(client, { cohortId: id ?? ids.next(), size, accounts, priority });
        if (!wait) {
          print(admitted, () => line`cohort ${admitted.cohortId}: ${people(admitted.size)} will be onboarded`);
          return EXIT.done;
        }
        progress.start('onboarding', admitted.size);
        const outcome = await outcomeOf(client, admitted, accounts);
        progress.end();
        print({ ...admitted, ...outcome }, () => outcomeText(admitted, outcome));
        if (outcome.leftOut.length > 0) return EXIT.failed;
        return outcome.onboarded.length === 0 ? EXIT.nobodyWaiting : EXIT.done;
      }),
    );

  command(
    group,
    'close',
    'Closes a cohort whose people wait, with those who are in. The others are in the line as before. Changes nothing if its onboarding is complete.',
    "cohort close 2022-w20 'it waits for people onboarded by a wrong clock'",
  )
    .argument('<id>', 'of the cohort, as rollout status prints it')
    .argument('<reason>', 'why', reason)
    .action(
      run(async ({ client, print }, _, id, why) => {
        const path = `/v1/cohorts/${encodeURIComponent(id!)}/closing`;
        const written = await client.post<ClosingAnswer>(path, { reason: why }, { repeatable: true });
        print(written, () => closingText(id!, written));
      }),
    );

  command(
    group,
    'addresses <cohort>',
    'Lists the addresses of the people onboarded with a cohort, to invite them. The log records who read them, and why.',
    'cohort addresses week-20 --reason "invitations of week 20" --json',
  )
    .requiredOption('--reason <text>', 'why', reason)
    .action(
      run<{ reason: string }>(async ({ client, print, remark }, { reason }, cohortId) => {
        const found = await addressesOf(client, cohortId!, reason);
        const { items, withheld } = found;
        print(found, () =>
          table(['account', 'address', 'locale'], rowsOf(items, 'accountId', 'email', 'locale'), 'nobody to invite'),
        );
        if (withheld.length > 0)
          remark(line`${people(withheld.length, ['is', 'are'])} left out: --json names them, and why`);
      }),
    );
};

const closingText = (id: string, { state, position }: ClosingAnswer): Shown =>
  state === 'complete'
    ? line`nothing was left to close: the onboarding of cohort ${id} is complete`
    : line`cohort ${id} is being closed with those who are in, as ordered at position ${position}`;

async function addressesOf(client: ApiClient, cohortId: string, reason: string) {
  const path = `/v1/cohorts/${encodeURIComponent(cohortId)}/address-exports`;
  const items: AddressesAnswer['items'] = [];
  const withheld: AddressesAnswer['withheld'] = [];
  for (let part: number | undefined = 0; part !== undefined; ) {
    const answer: AddressesAnswer = await client.post(path, { reason, part }, { repeatable: true });
    items.push(...answer.items);
    withheld.push(...answer.withheld);
    part = answer.nextPart;
  }
  return { cohortId, items, withheld };
}
const cohortTable = (cohorts: readonly CohortAnswer[]): Shown =>
  table(
    ['cohort', 'status', 'people', 'onboarded', 'selection', 'rate', 'admitted'],
    rowsOf(cohorts, 'cohortId', 'status', 'size', 'onboarded', 'selection', 'perWeek', 'admittedAt'),
    'no cohort was admitted yet',
  );

/** The client chooses the id, so the request is safe to retry. */
export const admitCohort = (
  client: ApiClient,
  cohort: { cohortId: string; size?: number; accounts?: string[]; priority?: number },
): Promise<AdmittedAnswer> => client.post('/v1/cohorts', cohort, { repeatable: true });

export interface CohortOutcome {
  /** The onboarded accounts. */
  onboarded: string[];
  /** Requested accounts that are not in this cohort, because they stopped waiting or joined another cohort just before. */
  leftOut: { accountId: string; status: string }[];
}

/** Waits until the cohort is onboarded; it may be smaller than its size if fewer people wait. @param listed the accounts requested by id */
export async function outcomeOf(
  client: ApiClient,
  { cohortId, position }: AdmittedAnswer,
  listed: readonly string[] = [],
): Promise<CohortOutcome> {
  await passed(client, Number(position), { name: ONBOARDING });
  const onboarded: string[] = [];
  const types: (typeof CohortOnboarded)['type'][] = ['CohortOnboarded'];
  for await (const events of eventPages(client, { after: position, types })) {
    for (const { data } of events) if (data.cohortId === cohortId) onboarded.push(...(data.accounts as string[]));
  }
  const members = new Set(onboarded);
  const others = listed.filter((accountId) => !members.has(accountId));
  const leftOut = await pMap(
    others,
    async (accountId) => ({ accountId, status: standing(await accountOf(client, accountId)) }),
    { concurrency: LOOK_UPS_IN_FLIGHT },
  );
  return { onboarded, leftOut };
}

const standing = (account: AccountAnswer | undefined): string => {
  if (!account) return 'unknown';
  if (account.deactivated) return 'deactivated';
  return account.cohortId === null ? account.status : `${account.status} with cohort ${account.cohortId}`;
};

function outcomeText({ cohortId, size }: AdmittedAnswer, { onboarded, leftOut }: CohortOutcome): Shown {
  const nobody = onboarded.length + leftOut.length === 0 ? ', since nobody was waiting' : '';
  return lines([
    line`cohort ${cohortId}: ${number(onboarded.length)} of ${number(size)} onboarded${nobody}`,
    ...onboarded.map((accountId) => line`${accountId}`),
    ...leftOut.map(({ accountId, status }) => line`not onboarded: ${accountId}, ${status}`),
  ]);
}
