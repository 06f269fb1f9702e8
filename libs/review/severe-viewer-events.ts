import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Line } from '../events/schemas.js';

const grant = { person: EntityId('The reviewer.'), reason: Line('Why.', 1) };

export const SevereViewerGranted = defineEvent({
  type: 'SevereViewerGranted',
  version: 1,
  summary:
    'A reviewer has the skill `severe`: they may claim cases that name a clause of the highest severity and look at their images.',
  schema: eventData(grant),
  example: { person: 'rev-1', reason: 'trained for it' },
});

export const SevereViewerRevoked = defineEvent({
  type: 'SevereViewerRevoked',
  version: 1,
  summary: 'A reviewer has the skill `severe` no longer.',
  schema: eventData(grant),
  example: { person: 'rev-1', reason: 'changed teams' },
});

/** The events of the stream of people who may look at the most severe images. */
export const severeViewerEvents = [SevereViewerGranted, SevereViewerRevoked];

export type SevereViewerEvent = EventOf<(typeof severeViewerEvents)[number]>;
