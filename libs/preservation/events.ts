import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Instant, Label, Line } from '../events/schemas.js';

const accountId = EntityId('The account whose data is kept.');
const holdId = EntityId('The id of the event that led to it, or one that somebody chose who placed it.');
const caseId = Type.Optional(EntityId('The case that led to it; absent if somebody placed it.'));
const reason = Line('Why. No personal data.', 1);

export const LegalHoldPlaced = defineEvent({
  type: 'LegalHoldPlaced',
  version: 1,
  summary: 'What is stored of an account must not be erased until somebody lifts the hold.',
  schema: eventData({
    accountId,
    holdId,
    caseId,
    clause: Type.Optional(Label('The clause of the highest severity that was violated.')),
    reason,
  }),
  example: {
    accountId: 'acc-1',
    holdId: '0196e0f0-0000-7000-8000-000000000004',
    caseId: 'img-1',
    clause: 'minors',
    reason: 'a violation of the highest severity',
  },
});

export const LegalHoldLifted = defineEvent({
  type: 'LegalHoldLifted',
  version: 1,
  summary: 'Somebody lifted a hold. The data can be erased unless another hold is in force.',
  schema: eventData({ accountId, holdId, caseId, reason }),
  example: {
    accountId: 'acc-1',
    holdId: '0196e0f0-0000-7000-8000-000000000004',
    caseId: 'img-1',
    reason: 'the authority has the data',
  },
});

export const AuthorityInformed = defineEvent({
  type: 'AuthorityInformed',
  version: 1,
  summary: 'Somebody recorded that a case was reported to an authority.',
  schema: eventData({
    accountId: EntityId('The account of the image.'),
    caseId: EntityId('The case.'),
    authority: Line('Which authority.', 1),
    reference: Line('The reference that the authority gave, or that of the report.', 1),
    sentAt: Instant('When the report was sent.'),
  }),
  example: {
    accountId: 'acc-1',
    caseId: 'img-1',
    authority: 'NCMEC',
    reference: 'CT-2022-1',
    sentAt: '2022-05-19T12:00:00.000Z',
  },
});

/** The events of the stream of an account's preservation. */
export const preservationEvents = [LegalHoldPlaced, LegalHoldLifted, AuthorityInformed];

export type PreservationEvent = EventOf<(typeof preservationEvents)[number]>;
