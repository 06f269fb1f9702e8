import { defineEvent } from '../events/event-definition.js';
import { Accounts, Count, EntityId, eventData, Instant, PerWeek } from '../events/schemas.js';

const batchId = EntityId('The batch of invitations.');

export const PlacesHeld = defineEvent({
  type: 'PlacesHeld',
  version: 1,
  summary:
    'A batch of invitations holds places of the rate, one for each account. They count until a cohort takes them or they are freed.',
  schema: eventData({
    batchId,
    accounts: Accounts('The accounts to invite.'),
    until: Instant('Until when they can accept.'),
    perWeek: PerWeek(1),
    at: Instant('When it was decided.'),
  }),
  example: {
    batchId: 'spring',
    accounts: ['acc-1', 'acc-2'],
    until: '2022-05-25T09:00:00.000Z',
    perWeek: 1000,
    at: '2022-05-18T09:00:00.000Z',
  },
});

export const PlacesFreed = defineEvent({
  type: 'PlacesFreed',
  version: 1,
  summary: 'Each invitation of a batch is decided. The places that nobody took count no longer.',
  schema: eventData({ batchId, places: Count('The number of places that nobody took.') }),
  example: { batchId: 'spring', places: 1 },
});
