import { expect } from '@jest/globals';
import {
  AccountOnboarded,
  type AddressConfirmationRequested,
  type AddressConfirmed,
  type accountEvents,
  type InvitationExpired,
  type InvitationSent,
} from '../../libs/account/index.js';
import { type EventDefinition, isOf, type RecordedOf } from '../../libs/events/event-definition.js';
import { WEEK_MS } from '../../libs/kernel/clock.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import {
  CohortAdmitted,
  CohortClosed,
  CohortOnboarded,
  PlacesHeld,
  type rolloutEvents,
} from '../../libs/rollout/index.js';

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
  expectConfirmed(log);
}

interface Place {
  priority: number;
  class: string;
  barred: boolean;
  /** Has to confirm its address first. */
  unconfirmed: boolean;
  /** The batch that invited it: until that ends it is not in the line. */
  invited?: string | undefined;
  /** The position of its last change. */
  since: number;
}

/** Those of the line who are passed over came back after the newest of the chosen. */
function expectFront(line: readonly [string, Place][], chosen: readonly [string, Place][]): void {
  const last = chosen.at(-1);
  const passedOver = last ? line.slice(0, line.indexOf(last)).filter((one) => !chosen.includes(one)) : [];
  const newest = Math.max(...chosen.map(([, place]) => place.since));
  for (const [, place] of passedOver) expect(place.since).toBeGreaterThan(newest);
}

/** @param line the people who waited @param ofLine the chosen, in the order of the line @param inTurn the same, in that of the choice */
function expectChosen(
  line: readonly [string, Place][],
  ofLine: readonly [string, Place][],
  inTurn: readonly string[],
  haveClasses: boolean,
): void {
  if (!haveClasses) {
    expect(inTurn).toEqual(ofLine.map(([accountId]) => accountId));
    expectFront(line, ofLine);
    return;
  }
  const names = new Set(ofLine.map(([, place]) => place.class));
  expect(names).not.toContain('hold-out');
  for (const name of names) {
    const isPart = ([, place]: readonly [string, Place]) => place.class === name;
    expectFront(line.filter(isPart), ofLine.filter(isPart));
  }
}

/** An invitation takes a place out of the line, until its own end. */
function inviteOrReturn(
  place: Place | undefined,
  { type, data, position: since }: RecordedOf<typeof InvitationSent | typeof InvitationExpired>,
): void {
  if (!place) return;
  if (type === 'InvitationSent') Object.assign(place, { invited: data.batchId, since });
  else if (place.invited === data.batchId) Object.assign(place, { invited: undefined, since });
}

/** Who has to confirm an address is at its place, and neither in the line nor invited. */
function askOrConfirm(
  place: Place | undefined,
  unconfirmed: Set<string>,
  { type, data, position: since }: RecordedOf<typeof AddressConfirmationRequested | typeof AddressConfirmed>,
): void {
  const isAsked = type === 'AddressConfirmationRequested';
  unconfirmed[isAsked ? 'add' : 'delete'](data.accountId);
  if (place) Object.assign(place, { unconfirmed: isAsked, since, ...(isAsked && { invited: undefined }) });
}

/** Nobody is invited or onboarded who has to confirm an address. */
function expectConfirmed(log: readonly RecordedEvent[]): void {
  const unconfirmed = new Set<unknown>();
  for (const { type, data } of log) {
    if (type === 'AddressConfirmationRequested') unconfirmed.add(data.accountId);
    if (type === 'AddressConfirmed') unconfirmed.delete(data.accountId);
    if (type === 'InvitationSent' || type === 'AccountOnboarded') expect(unconfirmed).not.toContain(data.accountId);
  }
}

/**
 * The chosen people are the front of those who waited when the line was read: those of the same line who are left out came
 * back later. Once somebody has another class, or classes have shares, that is so in each class, and hold-outs are never chosen.
 * The chosen are onboarded by the turn for which they were chosen or not at all.
 */
function expectTurns(log: readonly RecordedEvent[]): void {
  const waiting = new Map<string, Place>();
  /** How often each account has joined or been reinstated. */
  const turns = new Map<string, number>();
  const chosen = new Map<string, string>();
  const classes = new Map<string, string>();
  const unconfirmed = new Set<string>();
  let haveClasses = false;
  const listed = new Set(ofType(log, CohortAdmitted).flatMap(({ data }) => (data.accounts ? [data.cohortId] : [])));
  const listedBatches = new Set(ofType(log, PlacesHeld).flatMap(({ data }) => (data.accounts ? [data.batchId] : [])));
  /** Those of the choice who still wait for the turn for which they were chosen. */
  const expectChoice = (accounts: readonly string[], chosenTurns: readonly number[], isListed: boolean): string[] => {
    const line = [...waiting]
      .filter(([, { barred, unconfirmed }]) => !barred && !unconfirmed)
      .sort(([, a], [, b]) => a.priority - b.priority);
    const inTurn = accounts.filter((one, n) => waiting.has(one) && turns.get(one) === chosenTurns[n]);
    if (isListed) return inTurn;
    const ofLine = line.filter(([accountId]) => inTurn.includes(accountId));
    const isInLine = (one: [string, Place]) => one[1].invited === undefined || ofLine.includes(one);
    expectChosen(line.filter(isInLine), ofLine, inTurn, haveClasses);
    return inTurn;
  };
  for (const event of log as RecordedOf<(typeof accountEvents)[number] | (typeof rolloutEvents)[number]>[]) {
    const since = event.position;
    if (event.type === 'WaitlistJoined' || event.type === 'AccountReinstated') {
      turns.set(event.data.accountId, (turns.get(event.data.accountId) ?? 0) + 1);
    }
    switch (event.type) {
      case 'ClassPlanSet':
        haveClasses = true;
        break;
      case 'WaitlistClassSet': {
        const { accountId, class: name } = event.data;
        haveClasses = true;
        classes.set(accountId, name);
        const place = waiting.get(accountId);
        // An entry that has changed since the line was read is left out.
        if (place) Object.assign(place, { class: name, since, ...(name === 'hold-out' && { invited: undefined }) });
        break;
      }
      case 'WaitlistJoined': {
        const { accountId, priority = 5 } = event.data;
        const isUnconfirmed = unconfirmed.has(accountId);
        const name = classes.get(accountId) ?? 'general';
        waiting.set(accountId, { priority, class: name, barred: false, unconfirmed: isUnconfirmed, since });
        break;
      }
      case 'WaitlistLeft':
        waiting.delete(event.data.accountId);
        chosen.delete(event.data.accountId);
        break;
      case 'AccountDeactivated':
      case 'AccountReinstated': {
        const place = waiting.get(event.data.accountId);
        const isEnd = event.type === 'AccountDeactivated';
        if (place) Object.assign(place, { barred: isEnd, since, ...(isEnd && { invited: undefined }) });
        if (event.type === 'AccountDeactivated') chosen.delete(event.data.accountId);
        break;
      }
      case 'AddressConfirmationRequested':
      case 'AddressConfirmed':
        askOrConfirm(waiting.get(event.data.accountId), unconfirmed, event);
        break;
      case 'InvitationSent':
      case 'InvitationExpired':
        inviteOrReturn(waiting.get(event.data.accountId), event);
        break;
      case 'CohortFilled': {
        const { cohortId, accounts } = event.data;
        const inTurn = expectChoice(accounts, event.data.turns!, listed.has(cohortId));
        for (const accountId of inTurn) chosen.set(accountId, cohortId);
        break;
      }
      case 'InvitationsChosen':
        expectChoice(event.data.accounts, event.data.turns, listedBatches.has(event.data.batchId));
        break;
      case 'AccountOnboarded':
        expect(chosen.get(event.data.accountId)).toBe(event.data.cohortId);
        waiting.delete(event.data.accountId);
        break;
    }
  }
}
