import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { type Logger, tracedLogger } from '../../libs/platform/logging/logger.js';
import type { Parking } from '../../libs/subscriptions/parked-keys.js';

/** Tells of a key that is left out of a read model, in the trace of the event that broke it. */
export function logParked(logger: Logger, { consumer: follower, key, event, cause }: Parking): void {
  tracedLogger(logger, event.metadata).error(
    { err: cause, follower, key, event: named(event) },
    'a key was parked: it is left out of the read model until that is rebuilt',
  );
}

/** The same of a reaction. */
export function logParkedReaction(logger: Logger, reaction: string, event: RecordedEvent, cause: unknown): void {
  tracedLogger(logger, event.metadata).error(
    { err: cause, reaction, event: named(event) },
    'an event was parked: its key is left out, and tried again each minute',
  );
}

const named = ({ id, type, position }: RecordedEvent) => ({ id, type, position });
