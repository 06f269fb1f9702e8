import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Accounts, EntityId, eventData, Instant, Label, Line, Name } from '../events/schemas.js';
import { ATTRIBUTE, MAX_ID_LENGTH } from '../kernel/text-forms.js';

const ownedToken = {
  tokenId: EntityId('The id of the token.'),
  name: EntityId('Its name.'),
  person: Type.Optional(EntityId('The person it belongs to; absent for the token of a service.')),
};
const names = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH, pattern: ATTRIBUTE }), {
    maxItems: 50,
    description,
  });

export const TokenCreated = defineEvent({
  type: 'TokenCreated',
  version: 1,
  summary: 'Somebody created a token. The event is stored before the token is valid.',
  schema: eventData({
    ...ownedToken,
    roles: Type.Array(Label('A role.'), { minItems: 1, maxItems: 20, description: 'What it may do.' }),
    sources: Type.Optional(names('The sources of the events that it may send; all by default.')),
    eventTypes: Type.Optional(names('The types of the events that it may send; all by default.')),
    expiresAt: Type.Optional(Instant('When it stops being valid; never by default.')),
  }),
  example: {
    tokenId: '0123456789abcdef',
    name: 'ada-laptop',
    person: 'ada',
    roles: ['reviewer'],
    expiresAt: '2022-08-16T09:00:00.000Z',
  },
});

export const TokenRevoked = defineEvent({
  type: 'TokenRevoked',
  version: 1,
  summary: 'Somebody revoked a token.',
  schema: eventData(ownedToken),
  example: { tokenId: '0123456789abcdef', name: 'ada-laptop', person: 'ada' },
});

export const QuarantineReplayed = defineEvent({
  type: 'QuarantineReplayed',
  version: 1,
  summary:
    'Somebody had an event in quarantine processed again. Stored before that; the entry says whether it was accepted.',
  schema: eventData({
    entryId: EntityId('The entry in quarantine.'),
    edited: Type.Boolean({ description: 'Whether a corrected event was sent instead of the one in quarantine.' }),
  }),
  example: { entryId: '0196e0f0-0000-7000-8000-000000000001', edited: false },
});

export const QuarantineDiscarded = defineEvent({
  type: 'QuarantineDiscarded',
  version: 1,
  summary: 'Somebody discarded an event in quarantine: its bytes are deleted. Stored before that.',
  schema: eventData({ entryId: EntityId('The entry in quarantine.') }),
  example: { entryId: '0196e0f0-0000-7000-8000-000000000001' },
});

export const ViewRebuilt = defineEvent({
  type: 'ViewRebuilt',
  version: 1,
  summary:
    'Somebody had views replayed from the log, to compare, replace or look back at them. Stored before that began.',
  schema: eventData({
    jobId: EntityId('The job.'),
    kind: Type.Enum(['verify', 'rebuild', 'replay', 'diff'], {
      description: 'Whether the views were compared or replaced, or replayed up to earlier positions.',
    }),
    views: Type.Array(Name('A view.'), { minItems: 1, maxItems: 100, description: 'The views.' }),
  }),
  example: { jobId: '0196e0f0-0000-7000-8000-000000000001', kind: 'rebuild', views: ['cases'] },
});

export const AddressRead = defineEvent({
  type: 'AddressRead',
  version: 1,
  summary: 'Somebody read the addresses of people. Stored before they were given out.',
  schema: eventData({
    accounts: Accounts('Whose addresses were given out.'),
    cohortId: Type.Optional(EntityId('The cohort that they were asked for by.')),
    reason: Line('Why, as the reader put it.'),
  }),
  example: { accounts: ['acc-1', 'acc-2'], cohortId: '2022-w20', reason: 'invitations' },
});

export const ContentViewed = defineEvent({
  type: 'ContentViewed',
  version: 1,
  summary:
    'Somebody read what people wrote, which is stored encrypted, or looked at a flagged image. Stored before it was given out.',
  schema: eventData({
    caseId: Type.Optional(EntityId('The case whose content was viewed; it has the id of its image.')),
    entryId: Type.Optional(EntityId('The entry in quarantine whose bytes were read.')),
    appealId: Type.Optional(EntityId('The appeal whose text was read.')),
    level: Type.Enum(['prompt', 'comments', 'notes', 'preview', 'blurred', 'grey', 'full', 'quarantined', 'appeal'], {
      description:
        'What was viewed: texts, or the image as a small blurred preview, blurred and grey, grey, or in full.',
    }),
    severeClause: Type.Optional(
      Label('The clause of the highest severity that the case names: only some people may look at such an image.'),
    ),
    reason: Type.Optional(Line('Why, as the reader put it.')),
  }),
  example: { caseId: 'img-1', level: 'prompt', reason: 'the image alone is ambiguous' },
});

export const EvidenceGiven = defineEvent({
  type: 'EvidenceGiven',
  version: 1,
  summary: 'Somebody got a copy of events with the proof that they are in the log. Stored before it was given out.',
  schema: eventData({
    entityId: EntityId('What they asked for: the id of an event or an entity, or a position.'),
    events: Type.Integer({ minimum: 1, description: 'How many events it has.' }),
    checkpointSize: Type.Integer({
      minimum: 1,
      description: 'The number of leaves of the checkpoint that it rests on.',
    }),
    reason: Line('Why, as the reader put it.'),
  }),
  example: { entityId: 'img-1', events: 12, checkpointSize: 1042, reason: 'asked for by the regulator' },
});

export const ProofKeyRotated = defineEvent({
  type: 'ProofKeyRotated',
  version: 1,
  summary:
    'Somebody put a new key in the place of the one that signs the checkpoints of the log. Stored before it signs.',
  schema: eventData({
    origin: Line('The name of the log.'),
    newKey: Line('The key that signs from now on, as `name+hash+key`.'),
    oldKeys: Type.Array(Line('A key as `name+hash+key`.'), { maxItems: 20, description: 'The keys that it replaces.' }),
    overlapHours: Type.Integer({ minimum: 0, maximum: 8_760, description: 'For how many hours these sign too.' }),
    reason: Line('Why.'),
  }),
  example: {
    origin: 'example.org/log/9c1f03ab55d2',
    newKey: 'example.org/log/9c1f03ab55d2+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    oldKeys: [],
    overlapHours: 168,
    reason: 'yearly',
  },
});

export const PersonExported = defineEvent({
  type: 'PersonExported',
  version: 1,
  summary: 'Somebody exported what is stored of a person, with what the person wrote. Stored before it was given out.',
  schema: eventData({
    person: EntityId('Whose data.'),
    reason: Line('Why, as the reader put it.', 1),
  }),
  example: { person: 'acc-1', reason: 'request-2022-17' },
});

export const TotalsRead = defineEvent({
  type: 'TotalsRead',
  version: 1,
  summary:
    'Somebody read totals of the rollout, to which a simulation is fitted. They name no account. Stored before they were given out.',
  schema: eventData({
    from: Instant('Where the history that was counted begins.'),
    until: Instant('Where it ends.'),
  }),
  example: { from: '2022-02-23T09:00:00.000Z', until: '2022-05-18T09:00:00.000Z' },
});

export const BreakTaken = defineEvent({
  type: 'BreakTaken',
  version: 1,
  summary: 'A reviewer took a break from looking at content.',
  schema: eventData({ reviewer: EntityId('The reviewer.') }),
  example: { reviewer: 'rev-1' },
});

export const auditEvents = [
  TokenCreated,
  TokenRevoked,
  QuarantineReplayed,
  QuarantineDiscarded,
  ViewRebuilt,
  AddressRead,
  ContentViewed,
  EvidenceGiven,
  ProofKeyRotated,
  PersonExported,
  TotalsRead,
  BreakTaken,
];

export type AuditEvent = EventOf<(typeof auditEvents)[number]>;
