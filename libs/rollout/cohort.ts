import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { type CohortEvent, cohortEvents } from './events.js';

/** Maximum accounts that are chosen, onboarded and reported at once. */
export const ACCOUNTS_PER_PART = 1000;

/** People who were chosen together. */
export interface CohortPart {
  /** In the order of their turn. */
  accounts: readonly string[];
  /** The position of the choice: it holds for accounts that have waited since before it without a break. */
  chosenAt: Position;
}

export interface Cohort {
  chosen: readonly CohortPart[];
  /** Nobody else is chosen. */
  complete: boolean;
  /** Who is in, as far as it was reported: the accounts of each event, in order. */
  onboarded: readonly (readonly string[])[];
}

export const cohortStream: StreamKind<Cohort, CohortEvent> = {
  category: 'cohort',
  events: cohortEvents,
  initial: { chosen: [], complete: false, onboarded: [] },
  evolve(state, { type, data }, { position }) {
    const part = { accounts: data.accounts, chosenAt: position };
    switch (type) {
      case 'CohortFilled':
        return { ...state, chosen: [...state.chosen, part], complete: data.last };
      case 'CohortOnboarded': {
        const onboarded = [...state.onboarded, data.accounts];
        // Early logs have no choice of its own: who was named then was chosen, and nobody else.
        if (state.chosen.length === state.onboarded.length) {
          return { chosen: [...state.chosen, part], complete: true, onboarded };
        }
        return { ...state, onboarded };
      }
    }
  },
};

/** Everybody that is in, as far as it was reported. */
export const cohortMembers = (state: Cohort): string[] => state.onboarded.flat();

/** How many may still be chosen in the next part of a cohort of a given size; 0 when its choice is complete. */
export function placesLeft({ chosen, complete }: Cohort, size: number): number {
  if (complete) return 0;
  const taken = chosen.reduce((sum, { accounts }) => sum + accounts.length, 0);
  return Math.min(ACCOUNTS_PER_PART, size - taken);
}

export interface FillCohort {
  cohortId: string;
  /** Which part this is, so that two who choose at once choose one. */
  part: number;
  /** Fewer than there are places: nobody else waits. */
  accounts: readonly string[];
  /** People admitted. */
  size: number;
}

/** No events if that part was chosen already. @throws Refusal cohort-full */
export function fillCohort(state: Cohort, { cohortId, part, accounts, size }: FillCohort): CohortEvent[] {
  if (state.complete || state.chosen.length !== part) return [];
  const places = placesLeft(state, size);
  if (accounts.length > places) {
    throw new Refusal(
      'cohort-full',
      `${accounts.length} people are more than the ${places} places of cohort ${cohortId}`,
    );
  }
  const last = accounts.length < places || placesLeft(state, size - accounts.length) === 0;
  return [{ type: 'CohortFilled', data: { cohortId, accounts: [...accounts], part, last } }];
}

export interface OnboardCohort {
  cohortId: string;
  /** Accounts that are in, at most those of a part; those that were reported already are skipped. */
  accounts: readonly string[];
  /** The rate in force at the admission. */
  perWeek: number;
}

/** Reports who is in; no events if that was reported. */
export function onboardCohort(state: Cohort, { cohortId, accounts, perWeek }: OnboardCohort): CohortEvent[] {
  const members = new Set(cohortMembers(state));
  const added = accounts.filter((account) => !members.has(account));
  if (added.length === 0) return [];
  return [{ type: 'CohortOnboarded', data: { cohortId, accounts: added, perWeek, part: state.onboarded.length } }];
}
