import { isOpenSlice } from '../gate/sliced-cohorts.js';
import { toIso, WEEK_MS } from '../kernel/clock.js';
import { counted, people } from '../kernel/counted.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { type Changes, evolveChanges, noChanges, restrictedAt } from './changes.js';
import { type RolloutEvent, rolloutStreamEvents } from './events.js';
import { stopOf } from './gate-override.js';
import { evolveGate, type Gate, initialGate } from './gate-stage.js';
import { evolveHeld, type HeldPlaces, heldNow, noneHeld } from './held-places.js';
import { type PastPeople, type Span, withPeople } from './past-people.js';
import {
  type ClassesOf,
  type Entry,
  FIRST_PHASE,
  maySetPhase,
  type Phase,
  phaseIn,
  refuseEntry,
  refuseOtherClasses,
} from './phase.js';
import { evolveRamp, type Ramp } from './ramp.js';

/** The number of latest cohorts kept in the state. The people of an older one are in `past`, unless its id may be repeated this week. */
const COHORTS_REMEMBERED = 1000;

/** A cohort as it counts against the rate. */
export interface GrantedCohort {
  cohortId: string;
  /** The position of its admission. */
  position: Position;
  /** Epoch milliseconds. */
  admittedAt: number;
  /** The batch of invitations in whose places it came; undefined for none. */
  batchId: string | undefined;
  /** The size of its admission while it is being onboarded, then the number of onboarded people. */
  people: number;
  /** The rate in force at its admission. */
  perWeek: number;
  /** Whether an operator has ordered that nobody else comes in with it. */
  isClosing?: true;
  /** When the first and the last of them were onboarded, in epoch milliseconds; undefined until the cohort is closed. */
  onboarded?: Span;
}

export interface Rollout {
  /** Undefined until a rate is set. */
  perWeek?: number;
  /** Whether the scheduler admits a seventh of the rate every day. */
  daily: boolean;
  paused: boolean;
  pauseReason?: string;
  /** What is planned, and what waits for an approval. */
  changes: Changes;
  /** The position of the last event that set the rate, paused, resumed, planned or proposed something; 0 before the first. */
  changedAt: Position;
  /** The latest cohorts, those of the week whose ids may be repeated, and all being onboarded, in the order of their admission. */
  cohorts: readonly GrantedCohort[];
  /**
   * The people of older cohorts. None is forgotten: they count again when the clock that made them old goes back. Those
   * of one hour are kept together, which counts them for up to an hour longer.
   */
  past: readonly PastPeople[];
  /** The places of invitations that are not decided. */
  held: HeldPlaces;
  gate: Gate;
  phase: Phase;
  /** The position of a broken event, which may have set or planned a phase: nobody comes in until one is set. */
  phaseUnreadable?: Position;
  /** The plan by which the rate rises while the gate supports it. */
  ramp?: Ramp;
}

/** The kind has a single stream, `rollout`: the cap is a rule over all cohorts, so one stream decides. */
export const rolloutStream: StreamKind<Rollout, RolloutEvent> = {
  category: 'rollout',
  events: rolloutStreamEvents,
  initial: {
    daily: false,
    paused: false,
    changes: noChanges,
    changedAt: 0,
    cohorts: [],
    past: [],
    held: noneHeld,
    phase: FIRST_PHASE,
    gate: initialGate,
  },
  evolve(before, event, place) {
    const { ramp: planned, ...others } = before;
    const ramp = evolveRamp(planned, event, place);
    const state: Rollout = {
      ...others,
      ...(ramp && { ramp }),
      gate: evolveGate(before.gate, event, place, before.perWeek ?? 0),
      changes: evolveChanges(before.changes, event, place),
      held: evolveHeld(before.held, event, place),
    };
    const { type, data } = event;
    const { position } = place;
    switch (type) {
      case 'OnboardingRateSet':
        return { ...state, perWeek: data.perWeek, daily: data.daily, changedAt: position };
      case 'OnboardingPaused':
        return { ...state, paused: true, pauseReason: data.reason, changedAt: position };
      case 'OnboardingResumed': {
        const { pauseReason: _, ...rest } = state;
        return { ...rest, paused: false, changedAt: position };
      }
      case 'RolloutPhaseSet': {
        const { phaseUnreadable: _, ...known } = state;
        return { ...known, phase: phaseIn(data), changedAt: position };
      }
      case 'CohortAdmitted': {
        const admittedAt = Date.parse(data.at);
        const { cohortId, batchId, size: people, perWeek } = data;
        const cohorts = [...state.cohorts, { cohortId, position, admittedAt, batchId, people, perWeek }];
        const remembered = cohorts.length - COHORTS_REMEMBERED;
        const isKept = (one: GrantedCohort, i: number) =>
          i >= remembered || one.onboarded === undefined || (mayBeRepeated(one) && counts(one, admittedAt));
        const dropped = cohorts.filter((one, i) => !isKept(one, i));
        return { ...state, cohorts: cohorts.filter(isKept), past: withPeople(state.past, dropped) };
      }
      case 'CohortClosingOrdered': {
        const order = (one: GrantedCohort) =>
          one.cohortId === data.cohortId ? { ...one, isClosing: true as const } : one;
        return { ...state, cohorts: state.cohorts.map(order) };
      }
      case 'CohortClosed': {
        const { cohortId, people, first, last } = data;
        const close = (one: GrantedCohort): GrantedCohort => {
          if (one.cohortId !== cohortId) return one;
          const onboarded = {
            first: first ? Date.parse(first) : one.admittedAt,
            last: last ? Date.parse(last) : one.admittedAt,
          };
          return { ...one, people, onboarded };
        };
        return { ...state, cohorts: state.cohorts.map(close) };
      }
      case 'RolloutChangePlanned':
      case 'RolloutChangeProposed':
      case 'ApprovalGiven':
      case 'RolloutChangeEnded':
      case 'RampPlanSet':
      case 'RampStepConfirmed':
      case 'RampConfirmationWithdrawn':
      case 'RampPlanEnded':
        return { ...state, changedAt: position };
      case 'PlacesHeld':
      case 'PlacesFreed':
      case 'InvitationsWithdrawn':
      case 'WithdrawalCompleted':
      case 'GateLimitSet':
      case 'GateParametersSet':
      case 'ModelChanged':
      case 'ModelSeen':
      case 'GateStageBegun':
      case 'GateMoved':
      case 'GateOverrideProposed':
      case 'GateOverrideApproved':
      case 'GateOverrideEnded':
        return state;
    }
  },
  evolveBroken: (state, { position, type = '' }) =>
    maySetPhase(type) ? { ...state, phaseUnreadable: position } : state,
};

/** The schedule or an operator may repeat its id. Open access and invitations use each id once, and many of them. */
const mayBeRepeated = ({ cohortId, batchId }: GrantedCohort): boolean =>
  batchId === undefined && !isOpenSlice(cohortId);

/**
 * The rule of the cap. A cohort counts while it is being onboarded, however long that takes, and then as long as any of
 * its people was onboarded less than seven days before or after now: after the clock went back, onboardings are ahead.
 * A wrong clock wrote those that are seven days ahead or more; they must not stop the rollout.
 */
function counts({ onboarded }: GrantedCohort, now: number): boolean {
  return onboarded === undefined || isInWeek(onboarded, now);
}

const isInWeek = ({ first, last }: Span, now: number): boolean => last > now - WEEK_MS && first < now + WEEK_MS;

/** Cohorts that count now, in the order of their admission. @param now epoch milliseconds */
export const countedCohorts = ({ cohorts }: Rollout, now: number): GrantedCohort[] =>
  cohorts.filter((one) => counts(one, now) && one.people > 0);

/** Cohorts that are not closed yet, in the order of their admission. */
export const cohortsBeingOnboarded = ({ cohorts }: Rollout): GrantedCohort[] =>
  cohorts.filter(({ onboarded }) => onboarded === undefined);

/** The people that count against the rate now. @param now epoch milliseconds */
export const peopleInWindow = (state: Rollout, now: number): number =>
  sumOf([...state.past.filter((one) => isInWeek(one, now)), ...countedCohorts(state, now)]);

/** The people who ever came in, with those who are being onboarded: they stay counted whatever becomes of their accounts. */
export const peopleInTotal = ({ past, cohorts }: Rollout): number => sumOf([...past, ...cohorts]);

const sumOf = (groups: readonly { people: number }[]): number => groups.reduce((sum, { people }) => sum + people, 0);

/** How many more the ceiling allows, beside those for whom places are held. */
export const roomLeft = (state: Rollout): number =>
  (state.phase.ceiling ?? Number.POSITIVE_INFINITY) - peopleInTotal(state) - heldNow(state.held);

/** How many of those for whom places are held may come in now: the rate or the ceiling may be lower since. */
export const roomForHeld = (state: Rollout, perWeek: number, now: number): number =>
  Math.max(0, Math.min(perWeek - peopleInWindow(state, now), roomLeft(state) + heldNow(state.held)));

export interface Capacity {
  /** The number of people that may be admitted now. */
  available: number;
  /** When more may be admitted, in epoch milliseconds; undefined if time alone frees no more. */
  moreAt?: number;
}

/** @param now epoch milliseconds */
export function availableCapacity(given: Rollout, now: number): Capacity {
  const state = restrictedAt(given, now);
  const past = state.past.filter((one) => isInWeek(one, now));
  const counted = countedCohorts(state, now);
  const perWeek = state.perWeek ?? 0;
  let used = peopleInWindow(state, now) + heldNow(state.held);
  const room = roomLeft(state);
  const free = () => Math.max(0, Math.min(perWeek - used, room));
  const available = free();
  const closed = [
    ...past,
    ...counted.flatMap(({ people, onboarded }) => (onboarded ? [{ people, last: onboarded.last }] : [])),
  ];
  for (const { people, last } of closed.sort((a, b) => a.last - b.last)) {
    used -= people;
    if (free() > available) return { available, moreAt: last + WEEK_MS };
  }
  return { available };
}

type DataOf<Type extends RolloutEvent['type']> = Extract<RolloutEvent, { type: Type }>['data'];

/** Why something is changed, and by what decision. */
export type About = Omit<DataOf<'OnboardingRateSet'>, 'perWeek' | 'daily' | 'before'>;

export function setRate(state: Rollout, perWeek: number, daily = false, about: About = {}): RolloutEvent[] {
  if (state.perWeek === perWeek && state.daily === daily) return [];
  const before = state.perWeek === undefined ? {} : { before: state.perWeek };
  return [{ type: 'OnboardingRateSet', data: { perWeek, daily, ...before, ...about } }];
}

export function pauseOnboarding(state: Rollout, reason: string, about: Omit<About, 'reason'> = {}): RolloutEvent[] {
  return state.paused ? [] : [{ type: 'OnboardingPaused', data: { reason, ...about } }];
}

export function resumeOnboarding(state: Rollout, about: About = {}): RolloutEvent[] {
  return state.paused ? [{ type: 'OnboardingResumed', data: about }] : [];
}

export interface AdmitCohort {
  cohortId: string;
  /** Epoch milliseconds. */
  now: number;
  /** The number of people; all that is available by default. Not used with `accounts`. */
  size?: number;
  /** The accounts of a listed cohort, at most 1,000; without them the front of the waitlist is onboarded. */
  accounts?: readonly string[];
  /** In which class each of the listed accounts waits; absent if that is checked when they are chosen. */
  classOf?: ClassesOf;
  /** Only this priority class. */
  priority?: number;
  /** By which way people of the line come in; not used with `accounts`. */
  way?: 'line' | 'schedule' | 'joining';
}

/**
 * @throws InvalidInput for an empty cohort; Refusal onboarding-paused, gate-braked, phase-refuses, rate-not-set, ceiling-reached,
 * rate-exceeded (details: available, moreAt)
 */
export function admitCohort(
  given: Rollout,
  { cohortId, now, size, accounts, classOf, priority, way = 'line' }: AdmitCohort,
): RolloutEvent[] {
  const state = restrictedAt(given, now);
  if (state.cohorts.some((one) => one.cohortId === cohortId)) return [];
  const perWeek = rateOfAdmission(state, now, accounts ? 'listed' : way);
  const listed = accounts && [...new Set(accounts)];
  if (listed && classOf) refuseOtherClasses(state, listed, classOf);
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
        ...(state.phase.classes && { classes: state.phase.classes }),
        perWeek,
        at: toIso(now),
      },
    },
  ];
}

/**
 * The rate in force.
 * @param entry by which way people come in
 * @throws Refusal onboarding-paused, gate-braked, phase-refuses, rate-not-set: nobody may be admitted so now
 */
export function rateOfAdmission(state: Rollout, now: number, entry: Entry = 'invitation'): number {
  const { paused, pauseReason, gate, perWeek } = state;
  if (paused) throw new Refusal('onboarding-paused', `onboarding is paused (${pauseReason}); resume it first`);
  const stop = stopOf(gate, now);
  if (stop) throw stop;
  refuseEntry(state, entry);
  if (perWeek === undefined) throw new Refusal('rate-not-set', 'no onboarding rate is set; set one first');
  return perWeek;
}

export function exceeded(state: Rollout, wanted: number, now: number): Refusal {
  const { available, moreAt } = availableCapacity(state, now);
  const { ceiling } = state.phase;
  if (ceiling !== undefined && wanted > roomLeft(state)) {
    return new Refusal(
      'ceiling-reached',
      `${people(wanted, ['is', 'are'])} more than the ${Math.max(0, roomLeft(state))} that the ceiling of ${people(ceiling)} in total leaves; ask for fewer, or propose a higher ceiling (gatehouse rollout propose-phase)`,
      { available, ceiling },
    );
  }
  const more = moreAt === undefined ? undefined : toIso(moreAt);
  const awaited = cohortsBeingOnboarded(state);
  const remedies = [
    more && `more may be admitted from ${more} on`,
    awaited[0] && `${counted(sumOf(awaited), 'is', 'are')} being onboarded, first ${awaited[0].cohortId}`,
    heldNow(state.held) > 0 && `${counted(heldNow(state.held), 'place is', 'places are')} held for invitations`,
    !more && 'raise the rate or ask for fewer',
  ];
  return new Refusal(
    'rate-exceeded',
    `${people(wanted, ['is', 'are'])} more than the ${available} that the rate of ${state.perWeek} in seven days has left; ` +
      remedies.filter(Boolean).join('; '),
    { available, ...(more && { moreAt: more }) },
  );
}
