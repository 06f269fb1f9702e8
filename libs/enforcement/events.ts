import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Labels } from '../events/schemas.js';

const accountId = EntityId('The account it is about.');
const caseId = EntityId('The confirmed case that led here.');

export const EnforcementOrdered = defineEvent({
  type: 'EnforcementOrdered',
  version: 1,
  summary: 'A confirmed review calls for a measure against an account.',
  schema: eventData({
    accountId,
    caseId,
    imageId: EntityId('The image of the case.'),
    measure: Type.Enum(['deactivate'], { description: 'What is to be done.' }),
    categories: Labels('What was found.'),
  }),
  example: { accountId: 'acc-1', caseId: 'img-1', imageId: 'img-1', measure: 'deactivate', categories: ['violent'] },
});

export const EnforcementCompleted = defineEvent({
  type: 'EnforcementCompleted',
  version: 1,
  summary: 'The measure that was ordered is in force.',
  schema: eventData({ accountId, caseId }),
  example: { accountId: 'acc-1', caseId: 'img-1' },
});

export const enforcementEvents = [EnforcementOrdered, EnforcementCompleted];

export type EnforcementEvent = EventOf<(typeof enforcementEvents)[number]>;
