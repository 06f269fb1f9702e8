import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Line } from '../events/schemas.js';

/** What can be exported. */
export const DATASET_NAMES = ['events', 'decisions', 'cases', 'accounts', 'moderation'] as const;
export type DatasetName = (typeof DATASET_NAMES)[number];

export const ExportStarted = defineEvent({
  type: 'ExportStarted',
  version: 1,
  summary: 'Somebody started an export. Stored before any row of it was given out.',
  schema: eventData({
    exportId: EntityId('The export.'),
    dataset: Type.Enum([...DATASET_NAMES], { description: 'What was exported.' }),
    after: Count('The position after which its range begins; 0 for the first event.'),
    to: Count('The position at which its range ends.'),
    reason: Line('Why it was asked for. No personal data.', 1),
  }),
  example: {
    exportId: '0196e0f0-0000-7000-8000-000000000001',
    dataset: 'decisions',
    after: 0,
    to: 1045,
    reason: 'yearly audit',
  },
});

export const exportEvents = [ExportStarted];

export type ExportEvent = EventOf<(typeof exportEvents)[number]>;
