import type { CloudEvent } from '../events/cloud-event.js';
import type { EventSchemas } from '../events/event-schemas.js';
import type { RecordedEvent } from '../kernel/envelope.js';

/**
 * A stored event as other systems may see it, without personal fields: they are encrypted in the log, and the feed must not
 * reveal them.
 */
export function toCloudEvent(event: RecordedEvent, schemas: EventSchemas): CloudEvent {
  const { metadata } = event;
  const personal = schemas.definition(event.type)?.personal?.fields;
  let { data } = event;
  if (personal?.some((field) => field in data)) {
    data = { ...data };
    for (const field of personal) delete data[field];
  }
  return {
    specversion: '1.0',
    id: event.id,
    source: metadata.source,
    type: event.type,
    subject: metadata.subject,
    time: metadata.time,
    datacontenttype: 'application/json',
    schemaversion: String(metadata.schemaversion),
    recordedtime: event.recordedAt,
    correlationid: metadata.correlationid,
    ...(metadata.causationid ? { causationid: metadata.causationid } : {}),
    ...(metadata.traceparent ? { traceparent: metadata.traceparent } : {}),
    actor: `${metadata.actor.kind}:${metadata.actor.id}`,
    position: String(event.position),
    data,
  };
}
