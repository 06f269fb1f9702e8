import type { EventOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import { isReservedClass } from '../kernel/reserved-classes.js';
import { unknown } from './account-standing.js';
import { AccountOnboarded, WaitlistClassSet, WaitlistJoined } from './events.js';

const EVENTS = [WaitlistJoined, WaitlistClassSet, AccountOnboarded] as const;

/** The class of an account for which no other was set. */
const GENERAL = 'general';

/** The class in which an account waits. */
export interface ClassOfAccount {
  /** Undefined until the account joins. */
  class?: string;
  isOnboarded: boolean;
}

/** The account's own stream, folded to its class. Who leaves and rejoins without a class keeps it: a hold-out stays one. */
export const waitlistClassStream: StreamKind<ClassOfAccount, EventOf<(typeof EVENTS)[number]>> = {
  category: 'account',
  events: EVENTS,
  initial: { isOnboarded: false },
  evolve(state, { type, data }) {
    switch (type) {
      case 'WaitlistJoined':
        return { ...state, class: classOnJoining(data.class, state.class) };
      case 'WaitlistClassSet':
        return { ...state, class: data.class };
      case 'AccountOnboarded':
        return { ...state, isOnboarded: true };
    }
  },
};

/**
 * Who is staff or a hold-out stays so when leaving and rejoining, whatever class the join names: only setting the class ends that.
 * @param given by the join itself @param before that of an earlier join
 */
export const classOnJoining = (given: string | undefined, before: string | undefined): string =>
  isReservedClass(before) ? before! : (given ?? before ?? GENERAL);

/** Somebody who joins as staff gets a place before everybody else. @throws Refusal class-reserved */
export function refuseReservedClass(given: string | undefined, isOperator: boolean): void {
  if (isOperator || !isReservedClass(given)) return;
  throw new Refusal(
    'class-reserved',
    `only an operator puts somebody into the class ${given}: leave the class out, and let an operator set it (POST /v1/waitlist/classes)`,
  );
}

export interface SetWaitlistClass {
  accountId: string;
  class: string;
  reason: string;
}

/** @throws NotFound account-unknown; Refusal already-onboarded */
export function setWaitlistClass(state: ClassOfAccount, data: SetWaitlistClass): EventOf<typeof WaitlistClassSet>[] {
  if (state.class === undefined) throw unknown(data.accountId);
  if (state.class === data.class) return [];
  if (state.isOnboarded) {
    throw new Refusal('already-onboarded', `account ${data.accountId} is onboarded and no longer on the waitlist`);
  }
  return [{ type: 'WaitlistClassSet', data }];
}
