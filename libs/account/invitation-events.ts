import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Hash, Instant } from '../events/schemas.js';

const accountId = EntityId('The account.');
const batchId = EntityId('The batch of invitations that holds its place.');

export const InvitationSent = defineEvent({
  type: 'InvitationSent',
  version: 1,
  summary: 'A waiting account was invited. It leaves the line until it accepts or the invitation ends.',
  schema: eventData({
    accountId,
    batchId,
    until: Instant('Until when it can be accepted.'),
    tokenHash: Type.Optional(
      Hash('The hash of the token in the link with which the person accepts. Nothing stores the token.'),
    ),
  }),
  example: { accountId: 'acc-1', batchId: 'spring', until: '2022-05-25T09:00:00.000Z' },
});

export const InvitationReminded = defineEvent({
  type: 'InvitationReminded',
  version: 1,
  summary: 'An invitation is about to end, and its account has not answered: the person is to be reminded, once.',
  schema: eventData({ accountId, batchId, until: Instant('Until when it can be accepted.') }),
  example: { accountId: 'acc-1', batchId: 'spring', until: '2022-05-25T09:00:00.000Z' },
});

export const InvitationAccepted = defineEvent({
  type: 'InvitationAccepted',
  version: 1,
  summary: 'An invited account accepted. A cohort onboards it next, in the place that its batch holds.',
  schema: eventData({ accountId, batchId }),
  example: { accountId: 'acc-1', batchId: 'spring' },
});

export const InvitationExpired = defineEvent({
  type: 'InvitationExpired',
  version: 1,
  summary: 'An invitation ended unused; its account is in the line again, at its old place. Nothing sends it again.',
  schema: eventData({
    accountId,
    batchId,
    neverSent: Type.Optional(
      Type.Boolean({
        description:
          'True if it was never sent: the account had stopped waiting, or the batch was over or had been withdrawn.',
      }),
    ),
    withdrawn: Type.Optional(
      Type.Boolean({ description: 'True if it ended because an operator withdrew the batch (InvitationsWithdrawn).' }),
    ),
  }),
  example: { accountId: 'acc-1', batchId: 'spring' },
});

export const invitationEvents = [InvitationSent, InvitationReminded, InvitationAccepted, InvitationExpired] as const;

export type InvitationEvent = EventOf<(typeof invitationEvents)[number]>;
