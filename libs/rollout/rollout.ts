import { toIso, WEEK_MS } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { type RolloutEvent, rolloutStreamEvents } from './events.js';

/** Cohorts remembered whatever their age; an older one is known by its own stream. */
const COHORTS_REMEMBERED = 1000;

/** A cohort as the rate counts it. */
export interface GrantedCohort {
  cohortId: string;
  /** Of its admission. */
  position: Position;
  /** Epoch milliseconds. */
  admittedAt: number;
  /** All that were granted while they are being let in; from then on those that are in. */
  people: number;
  /** When the first and the last of them were let in, epoch milliseconds; undefined while they are being let in. */
  letIn?: { first: number; last: number };
}

export interface Rollout {
  /** Undefined until a rate is set. */
  perWeek?: number;
  /** Whether the scheduler admits a seventh of the rate every day. */
  daily: boolean;
  paused: boolean;
  pauseReason?: string;
  /** Those that count or may be asked for again, in the order of their admission. */
  cohorts: readonly GrantedCohort[];
}

/** A kind with a single stream, `rollout`: the cap is a rule over all cohorts, so one stream decides. */
export const rolloutStream: StreamKind<Rollout, RolloutEvent> = {
  category: 'rollout',
  events: rolloutStreamEvents,
  initial: { daily: false, paused: false, cohorts: [] },
  evolve(state, { type, data }, { position }) {
    switch (type) {
      case 'OnboardingRateSet':
        return { ...state, perWeek: data.perWeek, daily: data.daily };
      case 'OnboardingPaused':
        return { ...state, paused: true, pauseReason: data.reason };
      case 'OnboardingResumed': {
        const { pauseReason: _, ...rest } = state;
        return { ...rest, paused: false };
      }
      case 'CohortAdmitted': {
        const admittedAt = Date.parse(data.at);
        const cohorts = [...state.cohorts, { cohortId: data.cohortId, position, admittedAt, people: data.size }];
        const remembered = cohorts.length - COHORTS_REMEMBERED;
        return { ...state, cohorts: cohorts.filter((one, i) => i >= remembered || counts(one, admittedAt)) };
      }
      case 'CohortClosed': {
        const { cohortId, people, first, last } = data;
        const close = (one: GrantedCohort): GrantedCohort => {
          if (one.cohortId !== cohortId) return one;
          const letIn = {
            first: first ? Date.parse(first) : one.admittedAt,
            last: last ? Date.parse(last) : one.admittedAt,
          };
          return { ...one, people, letIn };
        };
        return { ...state, cohorts: state.cohorts.map(close) };
      }
    }
  },
};

/**
 * The rule of the cap: a cohort counts while its people are being let in, however long that takes, and then as long as
 * any of them came in less than seven days from now. On either side: after the clock went back they are ahead. What is
 * seven days ahead or more was written by a clock that was wrong, and must not stop the rollout until it comes true.
 */
function counts({ letIn }: GrantedCohort, now: number): boolean {
  return letIn === undefined || (letIn.last > now - WEEK_MS && letIn.first < now + WEEK_MS);
}

/** Those that count now, in the order of their admission. @param now epoch milliseconds */
export const countedCohorts = ({ cohorts }: Rollout, now: number): GrantedCohort[] =>
  cohorts.filter((one) => counts(one, now) && one.people > 0);

/** Those whose people are not all in yet, in the order of their admission. */
export const cohortsBeingLetIn = ({ cohorts }: Rollout): GrantedCohort[] =>
  cohorts.filter(({ letIn }) => letIn === undefined);

export interface Capacity {
  /** People that may be admitted now. */
  available: number;
  /** When more may be, in epoch milliseconds; undefined when time alone frees no more. */
  moreAt?: number;
}

/** @param now epoch milliseconds */
export function availableCapacity(state: Rollout, now: number): Capacity {
  const counted = countedCohorts(state, now);
  const perWeek = state.perWeek ?? 0;
  let used = counted.reduce((sum, { people }) => sum + people, 0);
  const available = Math.max(0, perWeek - used);
  const closed = counted.flatMap(({ people, letIn }) => (letIn ? [{ people, last: letIn.last }] : []));
  for (const { people, last } of closed.sort((a, b) => a.last - b.last)) {
    used -= people;
    if (perWeek - used > available) return { available, moreAt: last + WEEK_MS };
  }
  return { available };
}

export function setRate(state: Rollout, perWeek: number, daily = false): RolloutEvent[] {
  if (state.perWeek === perWeek && state.daily === daily) return [];
  return [{ type: 'OnboardingRateSet', data: { perWeek, daily } }];
}

export function pauseOnboarding(state: Rollout, reason: string): RolloutEvent[] {
  return state.paused ? [] : [{ type: 'OnboardingPaused', data: { reason } }];
}

export function resumeOnboarding(state: Rollout): RolloutEvent[] {
  return state.paused ? [{ type: 'OnboardingResumed', data: {} }] : [];
}

export interface AdmitCohort {
  cohortId: string;
  /** Epoch milliseconds. */
  now: number;
  /** People; all that is available when absent. Not used with `accounts`. */
  size?: number;
  /** The accounts of a listed cohort, 1,000 at the most; without them the first of the waitlist are let in. */
  accounts?: readonly string[];
  /** Only this priority class. */
  priority?: number;
}

/** @throws InvalidInput for a cohort of nobody; Refusal onboarding-paused, rate-not-set, rate-exceeded (details: available, moreAt) */
export function admitCohort(state: Rollout, { cohortId, now, size, accounts, priority }: AdmitCohort): RolloutEvent[] {
  if (state.cohorts.some((one) => one.cohortId === cohortId)) return [];
  if (state.paused) {
    throw new Refusal('onboarding-paused', `onboarding is paused (${state.pauseReason}); resume it first`);
  }
  if (state.perWeek === undefined) throw new Refusal('rate-not-set', 'no onboarding rate is set; set one first');

  const listed = accounts && [...new Set(accounts)];
  const { available } = availableCapacity(state, now);
  const wanted = listed?.length ?? size ?? Math.max(1, available);
  if (wanted < 1)
    throw new InvalidInput([{ field: listed ? '/accounts' : '/size', message: 'must be at least one person' }]);
  if (wanted > available) throw exceeded(state, wanted, now);
  return [
    {
      type: 'CohortAdmitted',
      data: {
        cohortId,
        size: wanted,
        selection: listed ? 'listed' : 'first-come',
        ...(listed && { accounts: listed }),
        ...(priority !== undefined && { priority }),
        perWeek: state.perWeek,
        at: toIso(now),
      },
    },
  ];
}

function exceeded(state: Rollout, wanted: number, now: number): Refusal {
  const { available, moreAt } = availableCapacity(state, now);
  const more = moreAt === undefined ? undefined : toIso(moreAt);
  const awaited = cohortsBeingLetIn(state);
  const cures = [
    more && `more may be admitted from ${more} on`,
    awaited[0] && `${awaited.reduce((sum, one) => sum + one.people, 0)} are being let in, first ${awaited[0].cohortId}`,
    !more && 'raise the rate or ask for fewer',
  ];
  return new Refusal(
    'rate-exceeded',
    `${wanted} people are more than the ${available} that the rate of ${state.perWeek} in seven days has left; ` +
      cures.filter(Boolean).join('; '),
    { available, ...(more && { moreAt: more }) },
  );
}

/** Where everybody that was chosen is in or stays out. @param times of those that are in, epoch milliseconds */
export function closeCohort(state: Rollout, cohortId: string, times: readonly number[]): RolloutEvent[] {
  if (!cohortsBeingLetIn(state).some((one) => one.cohortId === cohortId)) return [];
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const time of times) {
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  const span = times.length > 0 ? { first: toIso(first), last: toIso(last) } : {};
  return [{ type: 'CohortClosed', data: { cohortId, people: times.length, ...span } }];
}
