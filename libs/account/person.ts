import type { StreamKind } from '../kernel/decider.js';
import { type PersonEvent, personEvents } from './events.js';

/** A person, identified by the keyed hash of their address. The first event of the stream wins concurrent registrations. */
export interface Person {
  accountId?: string;
}

export const personStream: StreamKind<Person, PersonEvent> = {
  category: 'person',
  events: personEvents,
  initial: {},
  evolve: (_, { data }) => ({ accountId: data.accountId }),
};

/** A no-op if the person has an account; the state has its id. */
export function registerPerson(state: Person, accountId: string): PersonEvent[] {
  return state.accountId === undefined ? [{ type: 'PersonRegistered', data: { accountId } }] : [];
}
