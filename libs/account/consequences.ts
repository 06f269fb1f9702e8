import { OWN_SOURCE } from '../kernel/command-context.js';
import type { AccountEvent } from './events.js';

type DataOf<Type extends AccountEvent['type']> = Extract<AccountEvent, { type: Type }>['data'];

/** Why a consequence is in force. Manual: an operator or another system decided it, and its cause is an enforcement. */
export interface Cause {
  /** The id of the confirmed case or of the enforcement; empty for a manual decision that an earlier release stored. */
  cause: string;
  isManual: boolean;
  /** The system that decided it, if it is another one. */
  source?: string;
}

/** `until` in epoch milliseconds, here and below; no event marks an end. */
export interface Suspension extends Cause {
  until: number;
  /** The manual decision that this one took the place of: it is in force again once an appeal undoes this one. */
  replaced?: Suspension;
}

export interface Restriction extends Suspension {
  action: DataOf<'AccountRestricted'>['action'];
}

/** Without `until` it counts forever. */
export interface Strike {
  cause: string;
  until?: number;
}

/** What decisions have led to and nobody has lifted, each consequence with its cause. */
export interface Consequences {
  deactivations: readonly Cause[];
  suspensions: readonly Suspension[];
  restrictions: readonly Restriction[];
  strikes: readonly Strike[];
}

/** The reason of events that say again what is in force beside what was lifted. */
export const STILL_IN_FORCE = 'still-in-force';

export const NO_CONSEQUENCES: Consequences = { deactivations: [], suspensions: [], restrictions: [], strikes: [] };

/** The cause that an event names. */
export const causeOf = ({ caseId, enforcementId }: { caseId?: string; enforcementId?: string }): Cause => ({
  cause: enforcementId ?? caseId ?? '',
  isManual: enforcementId !== undefined || caseId === undefined,
});

/** The fields of an event that name a cause. */
export const causeFields = ({ cause, isManual }: Cause): { caseId?: string; enforcementId?: string } => {
  if (cause === '') return {};
  return isManual ? { enforcementId: cause } : { caseId: cause };
};

/** Without the consequences of this cause, and of every manual decision if it is one: a later one replaces it. */
const others = <One extends Cause>(all: readonly One[], { cause, isManual }: Cause): One[] =>
  all.filter((one) => one.cause !== cause && !(isManual && one.isManual));

/** Remembers the manual decision that a manual one replaces, since the earlier is in force again if the later is undone. */
function replacing<One extends Suspension>(all: readonly One[], one: One): One {
  const before = one.isManual && one.cause !== '' ? all.find(({ isManual }) => isManual) : undefined;
  const replaced = before && withoutDecision(before, one.cause);
  return replaced ? { ...one, replaced } : one;
}

/** A decision and those that it replaced, without those of a cause. */
function withoutDecision<One extends Suspension>(one: One, cause: string): Suspension | One | undefined {
  const { replaced: before, ...rest } = one;
  const replaced = before && withoutDecision(before, cause);
  if (one.cause === cause) return replaced;
  return { ...rest, ...(replaced && { replaced }) } as One;
}

/** Each system that deactivates has a cause of its own: what one lifts, another may still want. */
export function withDeactivation(
  all: Consequences,
  data: DataOf<'AccountDeactivated'> | DataOf<'DeactivationCauseAdded'>,
  source: string,
): Consequences {
  const deactivation = { ...causeOf(data), ...(source !== OWN_SOURCE && { source }) };
  const ofOthers = all.deactivations.filter((one) => one.cause !== deactivation.cause && !isRepeat(one, deactivation));
  return { ...all, deactivations: [...ofOthers, deactivation] };
}

/** Whether both are decisions by hand here, or both of one other system. */
const isRepeat = (one: Cause, other: Cause): boolean => one.isManual && other.isManual && one.source === other.source;

/** The deactivation in force that the source itself decided, by hand or as another system. */
export const deactivationBy = ({ deactivations }: Consequences, source: string): Cause | undefined =>
  deactivations.find((one) => one.isManual && (one.source ?? OWN_SOURCE) === source);

export function withSuspension(all: Consequences, data: DataOf<'AccountSuspended'>): Consequences {
  const suspension = replacing(all.suspensions, { ...causeOf(data), until: Date.parse(data.until) });
  return { ...all, suspensions: [...others(all.suspensions, suspension), suspension] };
}

export function withRestriction(all: Consequences, data: DataOf<'AccountRestricted'>): Consequences {
  const given = { ...causeOf(data), action: data.action, until: Date.parse(data.until) };
  const ofOtherActions = all.restrictions.filter(({ action }) => action !== data.action);
  const ofAction = all.restrictions.filter(({ action }) => action === data.action);
  const restriction = replacing(ofAction, given);
  return { ...all, restrictions: [...ofOtherActions, ...others(ofAction, restriction), restriction] };
}

export function withStrike(all: Consequences, { caseId, until }: DataOf<'StrikeIssued'>): Consequences {
  const strike = { cause: caseId, ...(until !== undefined && { until: Date.parse(until) }) };
  return { ...all, strikes: [...all.strikes.filter(({ cause }) => cause !== caseId), strike] };
}

export const withoutStrike = (all: Consequences, caseId: string): Consequences => ({
  ...all,
  strikes: all.strikes.filter(({ cause }) => cause !== caseId),
});

/** Without what denies because of a cause; its strike remains. */
export function withoutCause(all: Consequences, lifted: string): Consequences {
  const isOther = ({ cause }: Cause) => cause !== lifted;
  const remaining = <One extends Suspension>(some: readonly One[]) =>
    some.filter(isOther).map((one) => (one.replaced ? (withoutDecision(one, lifted) as One) : one));
  return {
    deactivations: all.deactivations.filter(isOther),
    suspensions: remaining(all.suspensions),
    restrictions: remaining(all.restrictions),
    strikes: all.strikes,
  };
}

/** Whether a decision in force has replaced one of this cause, which would be in force again if the later one is undone. */
export const isReplaced = ({ suspensions, restrictions }: Consequences, cause: string): boolean =>
  [...suspensions, ...restrictions].some((one) => {
    for (let before = one.replaced; before; before = before.replaced) if (before.cause === cause) return true;
    return false;
  });

export const isEmpty = ({ deactivations, suspensions, restrictions, strikes }: Consequences): boolean =>
  deactivations.length + suspensions.length + restrictions.length + strikes.length === 0;

/** Whether anything is in force, or counts, because of this case or enforcement. */
export const isCause = ({ deactivations, suspensions, restrictions, strikes }: Consequences, id: string): boolean =>
  [deactivations, suspensions, restrictions, strikes].some((some) => some.some(({ cause }) => cause === id));

/** The same by the clock: a suspension that has ended is no longer in force. @param now epoch milliseconds */
export const isInForce = (all: Consequences, id: string, now: number): boolean =>
  isCause(
    {
      deactivations: all.deactivations,
      suspensions: all.suspensions.filter(({ until }) => now < until),
      restrictions: all.restrictions.filter(({ until }) => now < until),
      strikes: all.strikes.filter(({ until }) => until === undefined || now < until),
    },
    id,
  );

/** Of each restricted action the restriction that ends last, by action. @param now epoch milliseconds */
export const restrictionsInForce = (all: Consequences | undefined, now: number): Restriction[] =>
  [...new Set(all?.restrictions.map(({ action }) => action))]
    .sort()
    .flatMap((action) => restrictionOf(all, action, now) ?? []);

/** The restriction of an action that ends last, if one is in force. @param now epoch milliseconds */
export function restrictionOf(all: Consequences | undefined, action: string, now: number): Restriction | undefined {
  let found: Restriction | undefined;
  for (const one of all?.restrictions ?? [])
    if (one.action === action && now < one.until && one.until > (found?.until ?? 0)) found = one;
  return found;
}
