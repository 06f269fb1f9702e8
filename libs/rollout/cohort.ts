import type { StreamKind } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import type { CohortEvent } from './events.js';

const ACCOUNTS_PER_PART = 1000;

export interface Cohort {
  /** The accounts of each event, in order. */
  parts: readonly (readonly string[])[];
}

export const cohortStream: StreamKind<Cohort, CohortEvent> = {
  category: 'cohort',
  initial: { parts: [] },
  evolve: (state, { data }) => ({ parts: [...state.parts, data.accounts] }),
};

export const cohortAccounts = (state: Cohort): string[] => state.parts.flat();

export interface OnboardCohort {
  cohortId: string;
  /** Any number; those that are in the cohort already are passed over. */
  accounts: readonly string[];
  /** People admitted. */
  size: number;
  /** The rate in force at the admission. */
  perWeek: number;
}

/** One event for each thousand new accounts. @throws Refusal cohort-full */
export function onboardCohort(state: Cohort, { cohortId, accounts, size, perWeek }: OnboardCohort): CohortEvent[] {
  const members = new Set(cohortAccounts(state));
  const added = [...new Set(accounts)].filter((account) => !members.has(account));
  if (added.length > 0 && members.size + added.length > size) {
    throw new Refusal(
      'cohort-full',
      `cohort ${cohortId} was admitted with ${size} people and has ${members.size}; ${added.length} more do not fit`,
      { size, onboarded: members.size },
    );
  }
  const events: CohortEvent[] = [];
  for (let from = 0; from < added.length; from += ACCOUNTS_PER_PART) {
    const part = state.parts.length + events.length;
    const data = { cohortId, accounts: added.slice(from, from + ACCOUNTS_PER_PART), perWeek, part };
    events.push({ type: 'CohortOnboarded', data });
  }
  return events;
}
