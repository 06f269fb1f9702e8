import { counted, people } from '../kernel/counted.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { type CohortEvent, cohortEvents } from './events.js';

/** Maximum accounts that are chosen, onboarded and reported at once. */
export const ACCOUNTS_PER_PART = 1000;

/** What was chosen for some places. The accounts are in the events (`partAt`): a state must not grow with a million of them. */
export interface Choice {
  /** The position of each part, in order. */
  parts: readonly Position[];
  /** The number of people in all parts. */
  people: number;
  /** Whether the choice is complete. */
  complete: boolean;
}

export const noChoice: Choice = { parts: [], people: 0, complete: false };

export const withPart = ({ parts, people }: Choice, added: number, at: Position, complete: boolean): Choice => ({
  parts: [...parts, at],
  people: people + added,
  complete,
});

export interface Cohort extends Choice {
  /** The position of each report of onboarded accounts, in order. */
  reports: readonly Position[];
}

export const cohortStream: StreamKind<Cohort, CohortEvent> = {
  category: 'cohort',
  events: cohortEvents,
  initial: { ...noChoice, reports: [] },
  evolve(state, { type, data }, { position }) {
    const people = data.accounts.length;
    switch (type) {
      case 'CohortFilled':
        return { ...withPart(state, people, position, data.last), reports: state.reports };
      case 'CohortOnboarded': {
        const reports = [...state.reports, position];
        // Early logs have no CohortFilled: the onboarded accounts are all that were chosen.
        const isChoice = state.parts.length === state.reports.length;
        return { ...(isChoice ? withPart(state, people, position, true) : state), reports };
      }
    }
  },
};

/** The number of accounts to choose for the next part of a cohort of a given size; 0 if its choice is complete. */
export const placesLeft = ({ people, complete }: Choice, size: number): number =>
  complete ? 0 : Math.min(ACCOUNTS_PER_PART, size - people);

/** Whether a part of so many people completes the choice: nobody else waits, or there is no other place. */
export const isLastPart = (state: Choice, people: number, size: number): boolean =>
  people < placesLeft(state, size) || placesLeft(state, size - people) === 0;

export interface FillCohort {
  cohortId: string;
  /** The index of the part, so that of two concurrent choices only one is stored. */
  part: number;
  /** If fewer than the places left, nobody else waits. */
  accounts: readonly string[];
  /** For which turn each is chosen. */
  turns: readonly number[];
  /** The number of people admitted. */
  size: number;
}

/** A no-op if that part was chosen. @throws Refusal cohort-full */
export function fillCohort(state: Cohort, { cohortId, part, accounts, turns, size }: FillCohort): CohortEvent[] {
  if (state.complete || state.parts.length !== part) return [];
  const places = placesLeft(state, size);
  if (accounts.length > places) {
    throw new Refusal(
      'cohort-full',
      `${people(accounts.length, ['is', 'are'])} more than the ${counted(places, 'place')} left in cohort ${cohortId}; choose fewer`,
    );
  }
  const last = isLastPart(state, accounts.length, size);
  return [{ type: 'CohortFilled', data: { cohortId, accounts: [...accounts], turns: [...turns], part, last } }];
}

export interface OnboardCohort {
  cohortId: string;
  /** Onboarded accounts of a part that no report has yet. */
  accounts: readonly string[];
  /** The rate in force at the admission. */
  perWeek: number;
}

/** Reports onboarded accounts; a no-op for none. */
export const onboardCohort = ({ reports }: Cohort, { cohortId, accounts, perWeek }: OnboardCohort): CohortEvent[] =>
  accounts.length === 0
    ? []
    : [{ type: 'CohortOnboarded', data: { cohortId, accounts: [...accounts], perWeek, part: reports.length } }];
