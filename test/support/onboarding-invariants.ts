import { expect } from '@jest/globals';
import { WEEK_MS } from '../../libs/kernel/clock.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';

/** Somebody who was let in. */
export interface LetIn {
  /** Epoch milliseconds. */
  at: number;
  /** The place of their cohort's admission among all admissions. */
  admission: number;
  /** The rate in force at that admission. */
  perWeek: number;
}

/** In no seven days are more people let in than the rate allowed when the last cohort among theirs was admitted. */
export function expectCapKept(people: readonly LetIn[]): void {
  for (const { at } of people) {
    const week = people.filter((one) => one.at > at - WEEK_MS && one.at <= at);
    const last = week.reduce((latest, one) => (one.admission > latest.admission ? one : latest));
    expect(week.length).toBeLessThanOrEqual(last.perWeek);
  }
}

const ofType = (log: readonly RecordedEvent[], type: string) => log.filter((event) => event.type === type);

/** What must hold of any log: the cap, nobody twice, and cohorts that name exactly those that came in with them. */
export function expectOnboardingInvariants(log: readonly RecordedEvent[]): void {
  const admissions = ofType(log, 'CohortAdmitted');
  const onboarded = ofType(log, 'AccountOnboarded');
  expectCapKept(
    onboarded.map(({ data, metadata }) => {
      const admission = admissions.findIndex((one) => one.data.cohortId === data.cohortId);
      return { at: Date.parse(metadata.time), admission, perWeek: admissions[admission]!.data.perWeek };
    }),
  );
  expect(new Set(onboarded.map(({ data }) => data.accountId)).size).toBe(onboarded.length);
  for (const { data } of admissions) {
    const members = onboarded.filter((one) => one.data.cohortId === data.cohortId).map((one) => one.data.accountId);
    const named = ofType(log, 'CohortOnboarded').flatMap((one) =>
      one.data.cohortId === data.cohortId ? one.data.accounts : [],
    );
    expect([...named].sort()).toEqual([...members].sort());
    expect(members.length).toBeLessThanOrEqual(data.size);
    expect(ofType(log, 'CohortClosed').filter((one) => one.data.cohortId === data.cohortId)).toEqual([
      expect.objectContaining({ data: expect.objectContaining({ people: members.length }) }),
    ]);
  }
  expectTurns(log);
}

/** Those chosen are the first that wait at that moment, and come in by that turn or not at all. */
function expectTurns(log: readonly RecordedEvent[]): void {
  const waiting = new Map<string, { priority: number; barred: boolean }>();
  const chosen = new Map<string, string>();
  const listed = new Set(ofType(log, 'CohortAdmitted').flatMap(({ data }) => (data.accounts ? [data.cohortId] : [])));
  for (const { type, data } of log) {
    if (type === 'WaitlistJoined') waiting.set(data.accountId, { priority: data.priority ?? 5, barred: false });
    const turn = waiting.get(data.accountId);
    if (type === 'WaitlistLeft') waiting.delete(data.accountId);
    if (type === 'WaitlistLeft' || type === 'AccountDeactivated') chosen.delete(data.accountId);
    if (type === 'AccountDeactivated' && turn) turn.barred = true;
    if (type === 'AccountReinstated' && turn) turn.barred = false;
    if (type === 'CohortFilled') {
      const line = [...waiting].filter(([, { barred }]) => !barred).sort(([, a], [, b]) => a.priority - b.priority);
      const first = line.slice(0, data.accounts.length).map(([accountId]) => accountId);
      if (!listed.has(data.cohortId)) expect(data.accounts).toEqual(first);
      for (const accountId of data.accounts) chosen.set(accountId, data.cohortId);
    }
    if (type === 'AccountOnboarded') {
      expect(chosen.get(data.accountId)).toBe(data.cohortId);
      waiting.delete(data.accountId);
    }
  }
}
