import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '../../event-store/event-store.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { belongsTo, foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { accountStream, isSuspended } from '../account-standing.js';

/** What a reviewer may know of an account beside its cases. */
export interface AccountRecord {
  status: string;
  deactivated: boolean;
  /** RFC 3339; null if it is not suspended. */
  suspendedUntil: string | null;
  /** What restricted the account or ended that, newest first. */
  restrictions: readonly AccountRestriction[];
}

export interface AccountRestriction {
  /** The type of the event. */
  type: string;
  /** RFC 3339. */
  time: string;
  reason: string | null;
  /** The case that caused it. */
  caseId: string | null;
  /** RFC 3339. */
  until: string | null;
}

/** Events that restrict nobody. */
const HARMLESS = [
  'WaitlistJoined',
  'WaitlistLeft',
  'WaitlistClassSet',
  'AddressChanged',
  'AddressConfirmationRequested',
  'AddressConfirmed',
  'PolicyAccepted',
  'InvitationSent',
  'InvitationReminded',
  'InvitationAccepted',
  'InvitationExpired',
  'AccountOnboarded',
];
const MAX_RESTRICTIONS = 20;

/** Reads the account's own stream, which has an event or two for each confirmed case of it, and none for other cases. */
@Injectable()
export class AccountRecords {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async of(accountId: string): Promise<AccountRecord> {
    const events = await this.store.readStream(`${accountStream.category}-${accountId}`);
    const state = foldRecorded(accountStream, events);
    const restricting = events.filter((event) => belongsTo(accountStream, event) && !HARMLESS.includes(event.type));
    return {
      status: state.status,
      deactivated: state.deactivated,
      suspendedUntil: isSuspended(state, this.clock.now()) ? toIso(state.suspendedUntil!) : null,
      restrictions: restricting.slice(-MAX_RESTRICTIONS).reverse().map(shownRestriction),
    };
  }
}

function shownRestriction({ type, data, metadata: { time } }: RecordedEvent): AccountRestriction {
  const { reason = null, caseId = null, until = null } = data as Partial<AccountRestriction>;
  return { type, time, reason, caseId, until };
}
