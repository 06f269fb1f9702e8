import type { RecordedEvent } from '../../kernel/envelope.js';

export type OnboardingAction =
  /** Choose who is in (the listed, or the first that wait) up to the size, and record it with `onboardCohort`. */
  | {
      kind: 'fill-cohort';
      cohortId: string;
      size: number;
      perWeek: number;
      selection: 'first-come' | 'listed';
      accounts?: readonly string[];
      priority?: number;
    }
  | { kind: 'onboard-account'; accountId: string; cohortId: string };

/** What an event calls for, in order. Each action stays quiet when it is done, so an event may come again. */
export function nextOnboardingActions({ type, data }: RecordedEvent): OnboardingAction[] {
  if (type === 'CohortAdmitted') {
    const { cohortId, size, perWeek, selection, accounts, priority } = data;
    return [{ kind: 'fill-cohort', cohortId, size, perWeek, selection, accounts, priority }];
  }
  if (type === 'CohortOnboarded') {
    const { cohortId, accounts } = data;
    return accounts.map((accountId: string) => ({ kind: 'onboard-account', accountId, cohortId }));
  }
  return [];
}

export const onboardingTypes = ['CohortAdmitted', 'CohortOnboarded'] as const;
