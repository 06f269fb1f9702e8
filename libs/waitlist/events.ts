import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData } from '../events/schemas.js';

export const PersonRegistered = defineEvent({
  type: 'PersonRegistered',
  version: 1,
  summary: 'A person, known by the keyed hash of their address, got their one account. Stands on `person-{emailHash}`.',
  schema: eventData({ accountId: EntityId('The account that is theirs.') }),
  example: { accountId: 'acc-1' },
});

export const waitlistEvents = [PersonRegistered];

export type PersonEvent = EventOf<(typeof waitlistEvents)[number]>;
