import { accountStream, onboardAccount } from '../../account/index.js';
import { type CommandContext, causedBy, type Transactor } from '../../event-store/transact.js';
import { GatehouseError } from '../../kernel/errors.js';
import type { Reaction } from '../../projections/reactor.js';
import { cohortAccounts, cohortStream, onboardCohort } from '../cohort.js';

export const ONBOARDING = 'onboarding';

/** Who waits, in order of their turn, as of everything stored so far. */
export type NextInLine = (people: number, priority?: number) => Promise<string[]>;

const SIDE_BY_SIDE = 64;

/**
 * Fills an admitted cohort and lets its accounts in. Cohorts are taken one after the other: who is next depends on whom
 * the cohort before has taken. After a crash the cohort is found as it was filled, and the rest of it let in.
 */
export function onboardingReaction(transactor: Transactor, nextInLine: NextInLine): Reaction {
  return {
    name: ONBOARDING,
    types: ['CohortAdmitted'],
    key: () => 'rollout',
    async react(event) {
      const { cohortId, size, perWeek, accounts, priority } = event.data;
      const context = causedBy(event, ONBOARDING);
      const chosen: string[] = accounts ?? (await nextInLine(size, priority));
      const { state } = await transactor.transact(cohortStream, cohortId, context, (cohort) =>
        cohort.parts.length > 0 ? [] : onboardCohort(cohort, { cohortId, accounts: chosen, size, perWeek }),
      );
      await letIn(transactor, cohortAccounts(state), cohortId, context);
    },
  };
}

async function letIn(
  transactor: Transactor,
  accounts: string[],
  cohortId: string,
  context: CommandContext,
): Promise<void> {
  const waiting = accounts.values();
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const accountId of waiting) {
        try {
          await transactor.transact(accountStream, accountId, context, (state) =>
            onboardAccount(state, { accountId, cohortId }),
          );
        } catch (error) {
          // Whoever left or was deactivated since the cohort was chosen stays out; the others go on.
          if (!(error instanceof GatehouseError) || error.status >= 500) throw error;
        }
      }
    }),
  );
}
