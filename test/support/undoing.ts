import { type EnforcementUndoing, enforcementUndoing, enforcing } from '../../libs/enforcement/index.js';
import type { OwnEventIds } from '../../libs/event-store/event-identity.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import type { Transactor } from '../../libs/event-store/transact.js';
import { systemClock } from '../../libs/kernel/clock.js';

/** What undoes enforcements, on a store. */
export const undoingOn = (store: EventStore, transactor: Transactor): EnforcementUndoing =>
  enforcementUndoing({ store, transactor, clock: systemClock });

/** The consumer that enforces confirmed reviews, on a store. */
export const enforcingOn = (store: EventStore, transactor: Transactor, ids: OwnEventIds) =>
  enforcing(transactor, ids, undoingOn(store, transactor));
