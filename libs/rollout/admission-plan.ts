import type { EventOf } from '../events/event-definition.js';
import { people } from '../kernel/counted.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { isReservedClass } from '../kernel/reserved-classes.js';
import { type ClassPlan, NO_PLAN } from './class-plan.js';
import { AdmissionScheduleEnded, AdmissionScheduleSet, ClassPlanSet, CohortShared, WEEKDAYS } from './plan-events.js';
import type { Rollout } from './rollout.js';
import { isTimeZone, type Schedule } from './schedule.js';

export const planEvents = [ClassPlanSet, AdmissionScheduleSet, AdmissionScheduleEnded, CohortShared];

type PlanEvent = EventOf<(typeof planEvents)[number]>;

/** Of a cohort that is being onboarded at most one is retried, so few have to be known. */
const COHORTS_REMEMBERED = 100;

/** What the places of one cohort are shared by. */
export interface CohortShares {
  plan: ClassPlan;
  /** How many places the plan shared before. */
  from: number;
}

export interface AdmissionPlan {
  classes: ClassPlan;
  /** Of the classes; undefined until they are set. */
  reason?: string;
  /** The places shared since the plan was set. */
  shared: number;
  /** When slices are admitted; undefined for no schedule. */
  schedule?: Schedule;
  /** The position of the last event that changed the plan; 0 before the first. */
  changedAt: Position;
  cohorts: readonly (CohortShares & { cohortId: string })[];
}

/** The kind has a single stream: what is shared next follows from all that was shared before. */
export const admissionPlanStream: StreamKind<AdmissionPlan, PlanEvent> = {
  category: 'admission-plan',
  events: planEvents,
  initial: { classes: NO_PLAN, shared: 0, changedAt: 0, cohorts: [] },
  evolve(state, { type, data }, { position }) {
    switch (type) {
      case 'ClassPlanSet': {
        const { mode, classes, reason } = data;
        return { ...state, classes: { mode, classes }, reason, shared: 0, changedAt: position };
      }
      case 'AdmissionScheduleSet': {
        const { reason: _, ...schedule } = data;
        return { ...state, schedule, changedAt: position };
      }
      case 'AdmissionScheduleEnded': {
        const { schedule: _, ...rest } = state;
        return { ...rest, changedAt: position };
      }
      case 'CohortShared': {
        const { cohortId, from, size } = data;
        const cohorts = [...state.cohorts, { cohortId, from, plan: state.classes }].slice(-COHORTS_REMEMBERED);
        return { ...state, cohorts, shared: from + size };
      }
    }
  },
};

const ALL_PER_CENT = 100;
const DAYS_OF_WEEK = 7;

/** @throws InvalidInput */
export function setClassPlan({ classes: before }: AdmissionPlan, plan: ClassPlan, reason: string): PlanEvent[] {
  const fault = faultIn(plan);
  if (fault) throw new InvalidInput([{ field: '/classes', message: fault }]);
  if (isSame(before, plan)) return [];
  const classes = plan.classes.map(({ class: name, share }) => ({
    class: name,
    ...(share !== undefined && { share }),
  }));
  return [{ type: 'ClassPlanSet', data: { mode: plan.mode, classes, reason } }];
}

function faultIn({ mode, classes }: ClassPlan): string | undefined {
  const names = classes.map((one) => one.class);
  const reserved = names.find(isReservedClass);
  if (reserved) return `must not name ${reserved}: staff always come first, hold-outs never`;
  if (new Set(names).size < names.length) return 'must name each class once';
  if (mode === 'order') {
    return classes.some(({ share }) => share !== undefined) ? 'must have no share in a strict order' : undefined;
  }
  if (classes.some(({ share }) => share === undefined)) return `must each have a share, since the mode is ${mode}`;
  const total = classes.reduce((sum, { share = 0 }) => sum + share, 0);
  if (mode === 'quotas' && total > ALL_PER_CENT) return `must be at most 100 per cent together, not ${total}`;
  return undefined;
}

const isSame = (one: ClassPlan, other: ClassPlan): boolean =>
  one.mode === other.mode &&
  one.classes.length === other.classes.length &&
  one.classes.every(
    ({ class: name, share }, n) => name === other.classes[n]!.class && share === other.classes[n]!.share,
  );

/** @throws InvalidInput for a time zone that nobody knows */
export function setSchedule({ schedule: before }: AdmissionPlan, wanted: Schedule, reason: string): PlanEvent[] {
  const { timeZone } = wanted;
  if (!isTimeZone(timeZone)) {
    throw new InvalidInput([
      { field: '/timeZone', message: `must be a time zone, like Europe/London, not ${timeZone}` },
    ]);
  }
  const days = WEEKDAYS.filter((day) => wanted.days.includes(day));
  const hours = [...wanted.hours].sort((a, b) => a - b);
  const isSame = before?.timeZone === timeZone && `${before.days}` === `${days}` && `${before.hours}` === `${hours}`;
  return isSame ? [] : [{ type: 'AdmissionScheduleSet', data: { timeZone, days, hours, reason } }];
}

/** A no-op if there is none. See `refuseDaily`. */
export const endSchedule = ({ schedule }: AdmissionPlan, reason: string): PlanEvent[] =>
  schedule ? [{ type: 'AdmissionScheduleEnded', data: { reason } }] : [];

/**
 * Nobody is to be admitted unawares by the end of the schedule.
 * @throws Refusal confirmation-needed (details: thenDaily, perDay)
 */
export function refuseDaily({ daily, perWeek = 0 }: Pick<Rollout, 'daily' | 'perWeek'>): void {
  const perDay = Math.ceil(perWeek / DAYS_OF_WEEK);
  if (!daily || perDay === 0) return;
  throw new Refusal(
    'confirmation-needed',
    `the rate is daily: without the schedule up to ${people(perDay, ['is', 'are'])} admitted within seconds, and every day; ` +
      'if that is what you want, repeat the request with thenDaily true (gatehouse cohort end-schedule --then-daily); ' +
      `for none, first set the rate with daily false (gatehouse rate set ${perWeek} 'REASON' --no-daily)`,
    { thenDaily: true, perDay },
  );
}

/** A no-op if it was recorded, or if there is no plan by which the number of earlier places matters. */
export function shareCohort(state: AdmissionPlan, cohortId: string, size: number): PlanEvent[] {
  if (state.reason === undefined || state.cohorts.some((one) => one.cohortId === cohortId)) return [];
  return [{ type: 'CohortShared', data: { cohortId, size, from: state.shared } }];
}

export const sharesOfCohort = (state: AdmissionPlan, cohortId: string): CohortShares =>
  state.cohorts.findLast((one) => one.cohortId === cohortId) ?? { plan: state.classes, from: 0 };
