import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Labels } from '../events/schemas.js';

const accountId = EntityId('The account.');
const caseId = EntityId('The confirmed case that caused it.');

export const EnforcementOrdered = defineEvent({
  type: 'EnforcementOrdered',
  version: 1,
  summary: 'A measure against an account was ordered because of a confirmed review.',
  schema: eventData({
    accountId,
    caseId,
    imageId: EntityId('The image of the case.'),
    measure: Type.Enum(['deactivate'], { description: 'The measure.' }),
    categories: Labels('The categories of the violation.'),
  }),
  example: { accountId: 'acc-1', caseId: 'img-1', imageId: 'img-1', measure: 'deactivate', categories: ['violent'] },
});

export const EnforcementCompleted = defineEvent({
  type: 'EnforcementCompleted',
  version: 1,
  summary: 'The ordered measure is in force.',
  schema: eventData({ accountId, caseId }),
  example: { accountId: 'acc-1', caseId: 'img-1' },
});

export const enforcementEvents = [EnforcementOrdered, EnforcementCompleted];

export type EnforcementEvent = EventOf<(typeof enforcementEvents)[number]>;
