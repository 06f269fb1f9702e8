import type { StreamKind } from '../kernel/decider.js';
import { type PersonEvent, personEvents } from './events.js';

/**
 * A command's wish for an address. The command has reserved it when its account had so many events; it may give the
 * account that address with the next event only. So once the account has another event, the reservation is void.
 */
export interface Reservation {
  accountId: string;
  /** The number of the account's events. */
  after: number;
}

/** Who an address belongs to. Identified by the keyed hash of the mailbox. */
export interface Person {
  accountId?: string;
  reserved?: Reservation;
  /** The number of its events, which differs between two states with the same account. */
  events: number;
}

export const personStream: StreamKind<Person, PersonEvent> = {
  category: 'person',
  events: personEvents,
  initial: { events: 0 },
  evolve(state, { type, data }) {
    const events = state.events + 1;
    switch (type) {
      case 'AddressReserved':
        return { ...state, reserved: data, events };
      case 'PersonRegistered':
        return { accountId: data.accountId, events };
      case 'AddressReleased':
        return { events };
    }
  },
};

export const isReservedBy = ({ reserved }: Person, { accountId, after }: Reservation): boolean =>
  reserved !== undefined && reserved.accountId === accountId && reserved.after === after;

/** False if another account has it or reserved it, or if the account has a later event than the command knows. */
function mayReserve({ accountId, reserved }: Person, wish: Reservation): boolean {
  if (reserved) return reserved.accountId === wish.accountId && reserved.after <= wish.after;
  return accountId === undefined || accountId === wish.accountId;
}

/** Reserves an address that is free, or that the account had or reserved itself before; otherwise a no-op. */
export function reserveAddress(state: Person, wish: Reservation): PersonEvent[] {
  if (!mayReserve(state, wish) || isReservedBy(state, wish)) return [];
  return [{ type: 'AddressReserved', data: wish }];
}

/** Records that the account has the address that this reservation was for. */
export function confirmAddress(state: Person, reservation: Reservation): PersonEvent[] {
  if (!isReservedBy(state, reservation)) return [];
  return [{ type: 'PersonRegistered', data: { accountId: reservation.accountId } }];
}

/** Registers an account that an earlier version registered for this address. */
export function adoptAddress(state: Person, accountId: string): PersonEvent[] {
  if (state.accountId !== undefined || state.reserved) return [];
  return [{ type: 'PersonRegistered', data: { accountId } }];
}

/** The account that has or reserved the address. */
export const claimant = ({ accountId, reserved }: Person): string | undefined => reserved?.accountId ?? accountId;

/** Frees the address, unless anything happened to it since it was seen in this state. */
export function releaseAddress(state: Person, seen: Person): PersonEvent[] {
  const accountId = claimant(state);
  if (accountId === undefined || state.events !== seen.events) return [];
  return [{ type: 'AddressReleased', data: { accountId } }];
}
