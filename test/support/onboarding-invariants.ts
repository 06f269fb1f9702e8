import { expect } from '@jest/globals';
import { AccountOnboarded, type accountEvents } from '../../libs/account/index.js';
import { type EventDefinition, isOf, type RecordedOf } from '../../libs/events/event-definition.js';
import { WEEK_MS } from '../../libs/kernel/clock.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { CohortAdmitted, CohortClosed, CohortOnboarded, type rolloutEvents } from '../../libs/rollout/index.js';

/** An onboarded person. */
export interface OnboardedPerson {
  /** Epoch milliseconds. */
  at: number;
  /** The index of their cohort's admission among all admissions. */
  admission: number;
  /** The rate in force at that admission. */
  perWeek: number;
}

/** In no seven days are more people onboarded than the rate allowed when the latest of their cohorts was admitted. */
export function expectCapKept(people: readonly OnboardedPerson[]): void {
  for (const { at } of people) {
    const week = people.filter((one) => one.at > at - WEEK_MS && one.at <= at);
    const last = week.reduce((latest, one) => (one.admission > latest.admission ? one : latest));
    expect(week.length).toBeLessThanOrEqual(last.perWeek);
  }
}

const ofType = <Definition extends EventDefinition>(log: readonly RecordedEvent[], definition: Definition) =>
  log.filter((event) => isOf(definition, event));

/** Invariants of any log: the cap, nobody onboarded twice, and cohorts that name exactly the people they onboarded. */
export function expectOnboardingInvariants(log: readonly RecordedEvent[]): void {
  const admissions = ofType(log, CohortAdmitted);
  const onboarded = ofType(log, AccountOnboarded);
  expectCapKept(
    onboarded.map(({ data, metadata }) => {
      const admission = admissions.findIndex((one) => one.data.cohortId === data.cohortId);
      return { at: Date.parse(metadata.time), admission, perWeek: admissions[admission]!.data.perWeek };
    }),
  );
  expect(new Set(onboarded.map(({ data }) => data.accountId)).size).toBe(onboarded.length);
  for (const { data } of admissions) {
    const members = onboarded.filter((one) => one.data.cohortId === data.cohortId).map((one) => one.data.accountId);
    const named = ofType(log, CohortOnboarded).flatMap((one) =>
      one.data.cohortId === data.cohortId ? one.data.accounts : [],
    );
    expect([...named].sort()).toEqual([...members].sort());
    expect(members.length).toBeLessThanOrEqual(data.size);
    expect(ofType(log, CohortClosed).filter((one) => one.data.cohortId === data.cohortId)).toEqual([
      expect.objectContaining({ data: expect.objectContaining({ people: members.length }) }),
    ]);
  }
  expectTurns(log);
}

/** The chosen people are the front of the waitlist at that moment, and are onboarded by that turn or not at all. */
function expectTurns(log: readonly RecordedEvent[]): void {
  const waiting = new Map<string, { priority: number; barred: boolean }>();
  const chosen = new Map<string, string>();
  const listed = new Set(ofType(log, CohortAdmitted).flatMap(({ data }) => (data.accounts ? [data.cohortId] : [])));
  for (const event of log as RecordedOf<(typeof accountEvents)[number] | (typeof rolloutEvents)[number]>[]) {
    switch (event.type) {
      case 'WaitlistJoined':
        waiting.set(event.data.accountId, { priority: event.data.priority ?? 5, barred: false });
        break;
      case 'WaitlistLeft':
        waiting.delete(event.data.accountId);
        chosen.delete(event.data.accountId);
        break;
      case 'AccountDeactivated':
      case 'AccountReinstated': {
        const turn = waiting.get(event.data.accountId);
        if (turn) turn.barred = event.type === 'AccountDeactivated';
        if (event.type === 'AccountDeactivated') chosen.delete(event.data.accountId);
        break;
      }
      case 'CohortFilled': {
        const { cohortId, accounts } = event.data;
        const line = [...waiting].filter(([, { barred }]) => !barred).sort(([, a], [, b]) => a.priority - b.priority);
        const first = line.slice(0, accounts.length).map(([accountId]) => accountId);
        if (!listed.has(cohortId)) expect(accounts).toEqual(first);
        for (const accountId of accounts) chosen.set(accountId, cohortId);
        break;
      }
      case 'AccountOnboarded':
        expect(chosen.get(event.data.accountId)).toBe(event.data.cohortId);
        waiting.delete(event.data.accountId);
        break;
    }
  }
}
