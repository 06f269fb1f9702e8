import type { CloudEvent } from '../events/cloud-event.js';
import type { EventSchemas } from '../events/event-schemas.js';
import { traceOf } from '../kernel/command-context.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { toUriReference } from '../kernel/uri-reference.js';

/**
 * A stored event as other systems may see it: with the sender's own id, and without personal fields, which are encrypted in
 * the log and which the feed must not reveal. An earlier version stored sources that are no URI references.
 * @param epoch the log's current one, which its position belongs to
 */
export function toCloudEvent(event: RecordedEvent, schemas: EventSchemas, epoch: string): CloudEvent {
  const { metadata } = event;
  const personal = schemas.definition(event.type)?.personal?.fields;
  let { data } = event;
  if (personal?.some((field) => field in data)) {
    data = { ...data };
    for (const field of personal) delete data[field];
  }
  return {
    ...metadata.extensions,
    specversion: '1.0',
    id: metadata.sourceid ?? event.id,
    source: toUriReference(metadata.source),
    type: event.type,
    subject: metadata.subject,
    time: metadata.time,
    datacontenttype: 'application/json',
    ...(metadata.dataschema ? { dataschema: metadata.dataschema } : {}),
    schemaversion: String(metadata.schemaversion),
    recordedtime: event.recordedAt,
    recordid: event.id,
    correlationid: metadata.correlationid,
    ...(metadata.causationid ? { causationid: metadata.causationid } : {}),
    ...traceOf(metadata),
    actor: `${metadata.actor.kind}:${metadata.actor.id}`,
    position: String(event.position),
    logepoch: epoch,
    data,
  };
}
