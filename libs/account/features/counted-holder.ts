import type { EventOf } from '../../events/event-definition.js';
import { NoOpRecorded } from '../../events/no-op-recorded.js';
import type { StreamKind } from '../../kernel/decider.js';
import type { AddressHolder } from '../account-address.js';
import { accountStream } from '../account-standing.js';
import { confirmationAfter, NEVER_ASKED } from '../address-confirmation.js';
import type { AccountEvent } from '../events.js';

/** An account with the number of its events, no-ops included. */
export interface CountedHolder extends AddressHolder {
  events: number;
}

export const countedHolder: StreamKind<CountedHolder, AccountEvent | EventOf<typeof NoOpRecorded>> = {
  category: accountStream.category,
  events: [...accountStream.events, NoOpRecorded],
  initial: { standing: accountStream.initial, events: 0, changedAt: 0 },
  evolve(holder, event, place) {
    const events = holder.events + 1;
    if (event.type === 'CommandTaken') return { ...holder, events };
    const standing = accountStream.evolve(holder.standing, event, place);
    const isAddress = event.type === 'WaitlistJoined' || event.type === 'AddressChanged';
    const address = (isAddress ? event.data.emailHash : undefined) ?? holder.address;
    const confirmation = confirmationAfter(holder.confirmation ?? NEVER_ASKED, event);
    return { standing, confirmation, events, changedAt: place.position, ...(address !== undefined && { address }) };
  },
  evolveBroken: (holder, place) => ({
    ...holder,
    standing: accountStream.evolveBroken!(holder.standing, place),
    events: holder.events + 1,
    changedAt: place.position,
  }),
};
