import type { RecordedEvent } from '../kernel/envelope.js';
import { type Logger, tracedLogger } from '../platform/logging/logger.js';
import type { Parking } from './parked-keys.js';

/** Logs a key that a view has parked, in the trace of the event that failed. */
export function logParked(logger: Logger, { consumer, key, event, cause }: Parking): void {
  tracedLogger(logger, event.metadata).error(
    { err: cause, consumer, key, event: summaryOf(event) },
    'an event failed and its key is parked: the view skips the key until it is rebuilt',
  );
}

/** Logs a key that a reactor has parked. */
export function logParkedEvent(logger: Logger, consumer: string, event: RecordedEvent, cause: unknown): void {
  tracedLogger(logger, event.metadata).error(
    { err: cause, consumer, event: summaryOf(event) },
    'an event failed and its key is parked: the reactor retries it every minute',
  );
}

const summaryOf = ({ id, type, position }: RecordedEvent) => ({ id, type, position });
