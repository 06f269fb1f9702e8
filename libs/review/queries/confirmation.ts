import { Inject, Injectable } from '@nestjs/common';
import type { Confirmation, Confirmations } from '../../account/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { ReviewConfirmed } from '../events.js';

/** The event that confirmed a case; undefined if it is not confirmed, or unknown here. */
export async function confirmationOf(
  store: EventStore,
  caseId: string,
): Promise<RecordedOf<typeof ReviewConfirmed> | undefined> {
  const events = await store.readStream(`${caseStream.category}-${caseId}`);
  return events.filter((event) => isOf(ReviewConfirmed, event)).at(-1);
}

/** The port of the account context. */
@Injectable()
export class StoredConfirmations implements Confirmations {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  of(caseId: string): Promise<Confirmation | undefined> {
    return confirmationOf(this.store, caseId);
  }
}
