import type { EventStore } from '../../event-store/event-store.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { ACTOR_COLUMNS, actorOf, type Dataset, type Row } from './dataset.js';
import { pageOfLog } from './log-rows.js';

/** Every event, as it is stored: personal fields are encrypted. */
export const eventsDataset = (store: Pick<EventStore, 'readAll'>): Dataset => ({
  summary: 'Every event of the range as it is stored, in the order of the log; personal fields are encrypted.',
  columns: [
    { name: 'position', type: 'integer', meaning: 'Place in the one order of all events.' },
    { name: 'id', type: 'text', meaning: 'Its identity.' },
    { name: 'type', type: 'text', meaning: 'Its type, as the catalogue of events lists it.' },
    { name: 'stream', type: 'text', meaning: 'The stream that holds it.' },
    { name: 'revision', type: 'integer', meaning: 'Place in that stream, from 0.' },
    { name: 'time', type: 'time', meaning: 'When it happened.' },
    { name: 'recordedAt', type: 'time', meaning: 'When it was stored.' },
    { name: 'source', type: 'text', meaning: 'The system that reported it.' },
    { name: 'subject', type: 'text', meaning: 'What it is about.' },
    ...ACTOR_COLUMNS,
    { name: 'data', type: 'json', meaning: 'What happened, by the schema of its type.' },
    { name: 'metadata', type: 'json', meaning: 'All attributes, with those above.' },
  ],
  page: (range, place, limit) => pageOfLog(store, range, place, limit, eventRow),
});

function eventRow(event: RecordedEvent): Row {
  const { position, id, type, stream, revision, recordedAt, data, metadata } = event;
  return {
    ...{ position, id, type, stream, revision, time: metadata.time ?? null, recordedAt },
    ...{ source: metadata.source ?? null, subject: metadata.subject ?? null },
    ...actorOf(event),
    ...{ data, metadata },
  };
}
