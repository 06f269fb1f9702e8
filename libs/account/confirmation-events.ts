import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { EntityId, eventData, Hash, Instant, Line } from '../events/schemas.js';

const accountId = EntityId('The account.');

export const AddressConfirmationRequested = defineEvent({
  type: 'AddressConfirmationRequested',
  version: 1,
  summary:
    'The holder of an account has to confirm its address by a link. Until then it keeps its place in the line, and nobody chooses it. A link of an earlier request is no longer valid.',
  schema: eventData({
    accountId,
    requestId: EntityId('The request, from which the token in the link is derived.'),
    tokenHash: Hash('The hash of that token. Nothing stores the token.'),
    at: Instant('When it was requested.'),
    until: Instant('Until when the link is valid.'),
    reason: Type.Optional(Line('Why an operator asked many people again; absent from any other request.')),
  }),
  example: {
    accountId: 'acc-1',
    requestId: '0196e0f0-0000-7000-8000-000000000001',
    tokenHash: '9f86d081884c7d659a2feaa0c55ad015',
    at: '2022-05-18T09:00:00.000Z',
    until: '2022-05-21T09:00:00.000Z',
  },
});

export const AddressConfirmed = defineEvent({
  type: 'AddressConfirmed',
  version: 1,
  summary: 'The present address of an account is confirmed: by its link, or by an operator.',
  schema: eventData({
    accountId,
    requestId: Type.Optional(EntityId('The request whose link was used; absent if an operator confirmed it.')),
    reason: Type.Optional(Line('Why the operator confirmed it.')),
  }),
  example: { accountId: 'acc-1', requestId: '0196e0f0-0000-7000-8000-000000000001' },
});

export const confirmationEvents = [AddressConfirmationRequested, AddressConfirmed] as const;
