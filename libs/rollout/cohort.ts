import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { type CohortEvent, cohortEvents } from './events.js';

/** Maximum accounts that are chosen, onboarded and reported at once. */
export const ACCOUNTS_PER_PART = 1000;

/** Accounts that were chosen together. */
export interface CohortPart {
  /** In the order of their turn. */
  accounts: readonly string[];
  /** For which turn each was chosen; unknown in a choice of an earlier release. */
  turns?: readonly number[];
  /** The position of the choice. */
  chosenAt: Position;
}

/** Who was chosen for some places. */
interface Choice {
  chosen: readonly CohortPart[];
  /** Whether the choice is complete. */
  complete: boolean;
}

export interface Cohort extends Choice {
  /** The accounts reported as onboarded, by event, in order. */
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
        return { ...state, chosen: [...state.chosen, { ...part, turns: data.turns }], complete: data.last };
      case 'CohortOnboarded': {
        const onboarded = withReport(state.onboarded, data.accounts);
        // Early logs have no CohortFilled: the onboarded accounts are all that were chosen.
        if (state.chosen.length === state.onboarded.length) {
          return { chosen: [...state.chosen, part], complete: true, onboarded };
        }
        return { ...state, onboarded };
      }
    }
  },
};

/** The accounts reported as onboarded. */
export const cohortMembers = (state: Cohort): string[] => state.onboarded.flat();

/** The number of accounts to choose for the next part of a cohort of a given size; 0 if its choice is complete. */
export function placesLeft({ chosen, complete }: Choice, size: number): number {
  if (complete) return 0;
  const filled = chosen.reduce((sum, { accounts }) => sum + accounts.length, 0);
  return Math.min(ACCOUNTS_PER_PART, size - filled);
}

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
  if (state.complete || state.chosen.length !== part) return [];
  const places = placesLeft(state, size);
  if (accounts.length > places) {
    throw new Refusal(
      'cohort-full',
      `${accounts.length} people are more than the ${places} places left in cohort ${cohortId}; choose fewer`,
    );
  }
  const last = isLastPart(state, accounts.length, size);
  return [{ type: 'CohortFilled', data: { cohortId, accounts: [...accounts], turns: [...turns], part, last } }];
}

export interface OnboardCohort {
  cohortId: string;
  /** Onboarded accounts, at most those of a part; accounts reported earlier are skipped. */
  accounts: readonly string[];
  /** The rate in force at the admission. */
  perWeek: number;
}

type Reports = Cohort['onboarded'];

/** The accounts of reports, which are looked up for each part of a cohort. They go on with the longer list, so that no part costs more than the first. */
const reported = new WeakMap<Reports, Set<string>>();

function reportedIn(reports: Reports): Set<string> {
  const members = reported.get(reports) ?? new Set(reports.flat());
  reported.set(reports, members);
  return members;
}

function withReport(reports: Reports, accounts: readonly string[]): Reports {
  const longer = [...reports, accounts];
  const members = reported.get(reports);
  if (!members) return longer;
  // The shorter list has them no longer: if it is asked for again, they are looked up anew.
  reported.delete(reports);
  for (const account of accounts) members.add(account);
  reported.set(longer, members);
  return longer;
}

/** Reports onboarded accounts; a no-op if all were reported. */
export function onboardCohort(state: Cohort, { cohortId, accounts, perWeek }: OnboardCohort): CohortEvent[] {
  const members = reportedIn(state.onboarded);
  const added = accounts.filter((account) => !members.has(account));
  if (added.length === 0) return [];
  return [{ type: 'CohortOnboarded', data: { cohortId, accounts: added, perWeek, part: state.onboarded.length } }];
}
