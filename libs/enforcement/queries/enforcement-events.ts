import { accountStream, causeOf } from '../../account/index.js';
import { belongsTo } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';

/**
 * The events of an account's stream that one enforcement has led to, and those that lifted it, in order.
 * @param id of the enforcement
 */
export function eventsOfCause(history: readonly RecordedEvent[], id: string): RecordedEvent[] {
  let hasBegun = false;
  return history.filter((event) => {
    if (!belongsTo(accountStream, event)) return false;
    switch (event.type) {
      case 'AccountDeactivated':
      case 'DeactivationCauseAdded':
      case 'AccountSuspended':
      case 'AccountRestricted':
      case 'StrikeIssued': {
        const isOwn = causeOf(event.data).cause === id;
        hasBegun ||= isOwn;
        return isOwn;
      }
      case 'StrikeRescinded':
        return event.data.caseId === id;
      case 'CauseLifted':
        return event.data.cause === id;
      case 'AccountReinstated':
        return event.data.cause === undefined ? hasBegun : event.data.cause === id;
      default:
        return false;
    }
  });
}
