import type { Command } from 'commander';
import pMap from 'p-map';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import type { CohortOnboarded } from '../../../libs/rollout/index.js';
import { accountOf } from '../account-lookup.js';
import type { AccountAnswer, CohortAdmitted } from '../api-answers.js';
import type { ApiClient } from '../api-client.js';
import { severalOf, wholeNumber, withExamples } from '../command-options.js';
import { passed } from '../consumers.js';
import { eventPages } from '../event-pages.js';
import { EXIT } from '../exit-codes.js';
import { number } from '../rendering/table.js';
import type { Runner } from '../session.js';

const ONBOARDING = 'reactor:onboarding';
const LOOK_UPS_IN_FLIGHT = 16;
const MAX_PER_WEEK = 10_000_000;

interface Onboarding {
  size?: number;
  accounts?: string[];
  priority?: number;
  wait: boolean;
}

export function cohortCommands(program: Command, run: Runner): void {
  const group = program.command('cohort').description('Groups of people that are let in together.');
  const onboard = group
    .command('onboard')
    .description('Let a cohort in, within the rate; waits and shows who got in.')
    .option('--size <n>', 'people, the first of the waitlist; all that may be by default', wholeNumber(1, MAX_PER_WEEK))
    .option('--accounts <ids>', 'exactly these accounts instead, with commas', severalOf)
    .option('--priority <class>', 'only this priority class of the waitlist', wholeNumber(0, 9))
    .option('--no-wait', 'only admit it; the people are let in meanwhile')
    .action(
      run<Onboarding>(async ({ client, ids, progress, print }, { size, accounts, priority, wait }) => {
        const beside = Object.entries({ size, priority }).filter(([, value]) => accounts && value !== undefined);
        if (beside.length > 0) {
          throw new InvalidInput(
            beside.map(([name]) => ({ field: `--${name}`, message: 'does not go with --accounts' })),
          );
        }
        const admitted = await admitCohort(client, { cohortId: ids.next(), size, accounts, priority });
        if (!wait) {
          print(admitted, () => `cohort ${admitted.cohortId}: ${number(admitted.size)} people are being let in`);
          return undefined;
        }
        progress.start('onboarding', admitted.size);
        const outcome = await outcomeOf(client, admitted, accounts);
        progress.end();
        print({ ...admitted, ...outcome }, () => outcomeText(admitted, outcome));
        return outcome.leftOut.length > 0 ? EXIT.failed : EXIT.done;
      }),
    );
  withExamples(
    onboard,
    'cohort onboard --size 100',
    'cohort onboard --accounts acc-1,acc-2',
    'cohort onboard --no-wait',
  );
}

/** With an id of ours, so that it is safe to ask again. */
export const admitCohort = (
  client: ApiClient,
  cohort: { cohortId: string; size?: number; accounts?: string[]; priority?: number },
): Promise<CohortAdmitted> => client.post('/v1/cohorts', cohort, { repeatable: true });

export interface CohortOutcome {
  /** Who is in. */
  onboarded: string[];
  /** Who was listed and is not in with this cohort: stopped waiting, or came in with another, just before. */
  leftOut: { accountId: string; status: string }[];
}

/** Waits until the cohort's people are in; fewer than its size where fewer waited. @param listed those asked for by name */
export async function outcomeOf(
  client: ApiClient,
  { cohortId, position }: CohortAdmitted,
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

function outcomeText({ cohortId, size }: CohortAdmitted, { onboarded, leftOut }: CohortOutcome): string {
  const lines = [`cohort ${cohortId}: ${number(onboarded.length)} of ${number(size)} are in`, ...onboarded];
  return [...lines, ...leftOut.map(({ accountId, status }) => `left out: ${accountId}, ${status}`)].join('\n');
}
