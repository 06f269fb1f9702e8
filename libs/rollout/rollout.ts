import { toIso, WEEK_MS } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import type { RolloutEvent } from './events.js';

/** Cohort ids remembered, so that the state stays small; an older id would be admitted anew. */
const COHORTS_REMEMBERED = 1000;

export interface Rollout {
  /** Undefined until a rate is set. */
  perWeek?: number;
  /** Whether the scheduler admits a seventh of the rate every day. */
  daily: boolean;
  paused: boolean;
  pauseReason?: string;
  /** Those of the last seven days, oldest first, in epoch milliseconds and people. */
  admissions: readonly { at: number; size: number }[];
  recentCohorts: readonly string[];
}

/** A kind with a single stream, `rollout`: the cap is a rule over all cohorts, so one stream decides. */
export const rolloutStream: StreamKind<Rollout, RolloutEvent> = {
  category: 'rollout',
  initial: { daily: false, paused: false, admissions: [], recentCohorts: [] },
  evolve(state, { type, data }) {
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
        const at = Date.parse(data.at);
        return {
          ...state,
          admissions: [...state.admissions.filter((one) => one.at > at - WEEK_MS), { at, size: data.size }],
          recentCohorts: [...state.recentCohorts.slice(1 - COHORTS_REMEMBERED), data.cohortId],
        };
      }
      default:
        return state;
    }
  },
};

export interface Capacity {
  /** People that may be admitted now. */
  available: number;
  /** When more may be, in epoch milliseconds; undefined when time alone frees no more. */
  moreAt?: number;
}

/** @param now epoch milliseconds */
export function availableCapacity(state: Rollout, now: number): Capacity {
  const at = admissionTime(state, now);
  const inWindow = state.admissions.filter((one) => one.at > at - WEEK_MS);
  const perWeek = state.perWeek ?? 0;
  let used = inWindow.reduce((sum, one) => sum + one.size, 0);
  const available = Math.max(0, perWeek - used);
  for (const one of inWindow) {
    used -= one.size;
    if (perWeek - used > available) return { available, moreAt: one.at + WEEK_MS };
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
  if (state.recentCohorts.includes(cohortId)) return [];
  if (state.paused) {
    throw new Refusal('onboarding-paused', `onboarding is paused (${state.pauseReason}); resume it first`);
  }
  if (state.perWeek === undefined) throw new Refusal('rate-not-set', 'no onboarding rate is set; set one first');

  const listed = accounts && [...new Set(accounts)];
  const capacity = availableCapacity(state, now);
  const wanted = listed?.length ?? size ?? Math.max(1, capacity.available);
  if (wanted < 1)
    throw new InvalidInput([{ field: listed ? '/accounts' : '/size', message: 'must be at least one person' }]);
  if (wanted > capacity.available) throw exceeded(state.perWeek, wanted, capacity);
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
        at: toIso(admissionTime(state, now)),
      },
    },
  ];
}

/** Time never runs backwards here: a clock that was set back must not let old admissions count as to come. */
const admissionTime = (state: Rollout, now: number): number => Math.max(now, state.admissions.at(-1)?.at ?? now);

function exceeded(perWeek: number, wanted: number, { available, moreAt }: Capacity): Refusal {
  const more = moreAt === undefined ? undefined : toIso(moreAt);
  return new Refusal(
    'rate-exceeded',
    `${wanted} people are more than the ${available} that the rate of ${perWeek} in seven days has left; ` +
      (more ? `more may be admitted from ${more} on` : 'raise the rate or ask for fewer'),
    { available, ...(more && { moreAt: more }) },
  );
}
