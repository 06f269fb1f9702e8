import { type CommandContext, traceOf } from '../kernel/command-context.js';
import type { NewEvent } from '../kernel/envelope.js';
import { metadataOf } from '../kernel/event-metadata.js';
import type { IncomingEvent } from './incoming-event.js';

export type IngestContext = Pick<CommandContext, 'actor' | 'correlationid' | 'traceparent' | 'tracestate'>;

/** Origin of events from a partition: their facts go to the partition's own lane, each with its offset. */
export interface PartitionOrigin {
  topic: string;
  partition: number;
  /** One per event. */
  offsets: readonly string[];
}

/** The event that is stored for a fact. */
export function toFact(
  event: IncomingEvent,
  context: IngestContext,
  index: number,
  origin?: PartitionOrigin,
): NewEvent {
  const { category, id } = event.definition.fact!;
  const { traceparent, tracestate } = event.traceparent ? event : context;
  const { sourceid, dataschema, extensions } = event.sent;
  const metadata = metadataOf({
    actor: context.actor,
    correlationid: event.correlationid ?? context.correlationid,
    dataschema,
    extensions,
    offset: origin?.offsets[index],
    partition: origin?.partition,
    schemaversion: event.definition.version,
    source: event.source,
    sourceid,
    subject: `${category}-${event.data[id]}`,
    time: event.time,
    traceparent,
    tracestate,
  });
  return { id: event.identity, type: event.type, data: event.data, metadata };
}

/** The context of the command that an event is. */
export const commandContext = (
  event: IncomingEvent,
  context: IngestContext,
  storedAs: readonly string[] = [],
): CommandContext => ({
  actor: context.actor,
  correlationid: event.correlationid ?? context.correlationid,
  ...traceOf(event.traceparent ? event : context),
  source: event.source,
  time: event.time,
  eventId: event.identity,
  ...(event.formerIdentity ? { formerEventId: event.formerIdentity } : {}),
  eventType: event.type,
  ...(storedAs.length > 0 && { storedAs }),
  sent: event.sent,
});
