import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import {
  ACCOUNTS_PER_EVENT,
  Accounts,
  Count,
  EntityId,
  eventData,
  Instant,
  Line,
  MAX_PER_WEEK,
  PerWeek,
  Priority,
} from '../events/schemas.js';
import { phaseClasses } from './change-events.js';

const batchId = EntityId('The batch of invitations.');

export const PlacesHeld = defineEvent({
  type: 'PlacesHeld',
  version: 1,
  summary:
    'A batch of invitations holds places of the rate. They count until cohorts take them or they are freed. Its accounts are chosen afterwards.',
  schema: eventData({
    batchId,
    size: Count('The number of places, one for each account that is invited.', 1, MAX_PER_WEEK),
    selection: Type.Enum(['first-come', 'listed'], {
      description: 'Who is invited: the front of the waitlist, or the listed accounts.',
    }),
    accounts: Type.Optional(Accounts('The accounts of a listed batch.')),
    priority: Type.Optional(Priority()),
    classes: Type.Optional(
      phaseClasses('The classes that the phase named: nobody else comes in with it. Absent if it named none.'),
    ),
    until: Instant('Until when they can accept.'),
    perWeek: PerWeek(1),
    at: Instant('When it was decided.'),
  }),
  example: {
    batchId: 'spring',
    size: 1000,
    selection: 'first-come',
    until: '2022-05-25T09:00:00.000Z',
    perWeek: 1000,
    at: '2022-05-18T09:00:00.000Z',
  },
});

export const PlacesFreed = defineEvent({
  type: 'PlacesFreed',
  version: 1,
  summary:
    'Places of a batch of invitations count no longer: too few people waited for them, or each invitation is decided.',
  schema: eventData({
    batchId,
    places: Count('The number of places that nobody took.', 0, MAX_PER_WEEK),
    isOver: Type.Boolean({ description: 'Whether each invitation of the batch is decided; then it holds no place.' }),
  }),
  example: { batchId: 'spring', places: 1, isOver: true },
});

export const InvitationsWithdrawn = defineEvent({
  type: 'InvitationsWithdrawn',
  version: 1,
  summary:
    'An operator withdrew a batch of invitations: nobody else is invited with it, and nobody else accepts. Who accepted before still comes in.',
  schema: eventData({ batchId, reason: Line('Why, shown to other operators.', 1) }),
  example: { batchId: 'spring', reason: 'sent to the wrong people' },
});

export const WithdrawalCompleted = defineEvent({
  type: 'WithdrawalCompleted',
  version: 1,
  summary:
    'Each invitation of a withdrawn batch has ended unless it was accepted, and its people are in the line again.',
  schema: eventData({
    batchId,
    people: Count('The number of people whose invitation ended with the withdrawal.', 0, MAX_PER_WEEK),
  }),
  example: { batchId: 'spring', people: 400 },
});

export const InvitationsChosen = defineEvent({
  type: 'InvitationsChosen',
  version: 1,
  summary: 'These accounts were chosen for a batch. They are invited next, unless they stop waiting first.',
  schema: eventData({
    batchId,
    accounts: Type.Array(EntityId('An account.'), {
      maxItems: ACCOUNTS_PER_EVENT,
      uniqueItems: true,
      description: 'The accounts in the order of their turn; empty if nobody was waiting.',
    }),
    turns: Type.Array(Count('A turn.', 1), {
      maxItems: ACCOUNTS_PER_EVENT,
      description: 'For which turn each was chosen: how often it had joined or been reinstated.',
    }),
    part: Count('The index of this event among those of the batch, from 0.', 0, MAX_PER_WEEK),
    last: Type.Boolean({ description: 'Whether this is the last such event of the batch.' }),
  }),
  example: { batchId: 'spring', accounts: ['acc-1', 'acc-2'], turns: [1, 1], part: 0, last: true },
});

export const batchEvents = [InvitationsChosen];

export type BatchEvent = EventOf<(typeof batchEvents)[number]>;
