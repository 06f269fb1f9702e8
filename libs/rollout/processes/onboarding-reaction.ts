import { accountStream, onboardAccount } from '../../account/index.js';
import { type CommandContext, causedBy, type Transactor } from '../../event-store/transact.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { Refusal } from '../../kernel/errors.js';
import type { Reaction } from '../../projections/reactor.js';
import { cohortStream, onboardCohort } from '../cohort.js';
import { nextOnboardingActions, type OnboardingAction, onboardingTypes } from './onboarding.js';

export const ONBOARDING = 'onboarding';

/** Who waits, in order of their turn; asked only once the view knows everything stored so far. */
export type NextInLine = (people: number, priority?: number) => Promise<string[]>;

const SIDE_BY_SIDE = 64;

/**
 * Fills admitted cohorts from the waitlist and lets their accounts in. All cohorts have one key: who is next depends on
 * whom the cohort before has taken.
 */
export function onboardingReaction(transactor: Transactor, nextInLine: NextInLine): Reaction {
  const fill = async (action: OnboardingAction & { kind: 'fill-cohort' }, context: CommandContext) => {
    const { cohortId, size, perWeek, selection, priority } = action;
    await transactor.transact(cohortStream, cohortId, context, (state) =>
      state.parts.length > 0 ? [] : onboardCohort(state, { cohortId, accounts: chosen, size, perWeek }),
    );
  };
  return {
    name: ONBOARDING,
    types: onboardingTypes,
    key: () => 'rollout',
    async react(event: RecordedEvent) {
      const context = causedBy(event, ONBOARDING);
      const actions = nextOnboardingActions(event);
    },
  };
}
