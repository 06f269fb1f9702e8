import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Instant, Label, Line, Name, Prose } from '../events/schemas.js';
import { Code, MAX_EXPLANATION, MAX_GROUND, MAX_KEYWORDS } from './mapping-events.js';

export const DECISIONS = ['account-terminated', 'account-suspended', 'service-restricted', 'image-disabled'] as const;
export const SOURCES = ['users', 'own-initiative'] as const;
export const DECIDERS = ['reviewers', 'operator', 'other-system'] as const;

const MAX_FACTS = 5_000;
const MAX_ERRORS = 20;

const statementId = EntityId(
  'The statement: its identifier at the Commission’s database (puid). It follows from the event of the decision, and nobody can compute it.',
);
const day = (description: string) =>
  Type.String({ minLength: 10, maxLength: 10, pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description });
const codes = (maxItems: number, description: string) =>
  Type.Array(Code('A code.'), { minItems: 1, maxItems, description });
const yesOrNo = (description: string) => Type.Enum(['Yes', 'No'], { description });

/** A statement as the Commission's database has it: field by field, in its own names. */
export const Submission = Type.Object(
  {
    puid: statementId,
    decision_visibility: Type.Optional(codes(1, 'What was done to the image.')),
    decision_provision: Type.Optional(Code('What of the service was restricted.')),
    decision_account: Type.Optional(Code('What was done to the account.')),
    account_type: Type.Optional(Code('The kind of the account.')),
    end_date_account_restriction: Type.Optional(day('When the account is no longer suspended.')),
    end_date_service_restriction: Type.Optional(day('When the service is no longer restricted.')),
    decision_facts: Prose(MAX_FACTS, 'The facts and circumstances.'),
    decision_ground: Code('Whether the content is illegal, or incompatible with the terms.'),
    decision_ground_reference_url: Type.Optional(
      Type.String({ maxLength: MAX_GROUND, format: 'uri', description: 'The content policy.' }),
    ),
    illegal_content_legal_ground: Type.Optional(Prose(MAX_GROUND, 'The law.')),
    illegal_content_explanation: Type.Optional(Prose(MAX_EXPLANATION, 'Why it is illegal.')),
    incompatible_content_ground: Type.Optional(Prose(MAX_GROUND, 'The clause of the terms.')),
    incompatible_content_explanation: Type.Optional(Prose(MAX_EXPLANATION, 'Why it is incompatible.')),
    incompatible_content_illegal: Type.Optional(yesOrNo('Whether it is illegal too.')),
    content_type: codes(2, 'The kinds of the content.'),
    content_type_other: Type.Optional(Line('Another kind.', 1)),
    category: Code('The category.'),
    category_specification: Type.Optional(codes(MAX_KEYWORDS, 'The keywords.')),
    category_specification_other: Type.Optional(Line('Another keyword.', 1)),
    territorial_scope: Type.Array(Type.String({ minLength: 2, maxLength: 2, pattern: '^[A-Z]{2}$' }), {
      minItems: 1,
      maxItems: 40,
      description: 'The countries for which it holds.',
    }),
    content_date: day('When the image was made, or the account was registered.'),
    application_date: day('Since when it holds.'),
    source_type: Code('Whether somebody had given notice.'),
    automated_detection: yesOrNo('Whether automation had found it.'),
    automated_decision: Code('Whether automation decided.'),
  },
  { additionalProperties: false, description: 'The statement, as it was sent.' },
);

export const StatementQueued = defineEvent({
  type: 'StatementQueued',
  version: 1,
  summary:
    'A statement of reasons is to be sent to the Commission’s database (Digital Services Act, article 24(5)); again if somebody ordered that. It has no personal data.',
  schema: eventData({
    statementId,
    enforcementId: EntityId('The enforcement: the case, or the id of a decision by hand.'),
    decision: Type.Enum([...DECISIONS], { description: 'What was restricted.' }),
    until: Type.Optional(Instant('When that ends; absent if it does not end by itself.')),
    clause: Type.Optional(Label('The clause of the content policy; absent if the decision names none.')),
    policyVersion: Type.Optional(Name('The version of the content policy in force then.')),
    source: Type.Enum([...SOURCES], { description: 'Whether users had flagged the image, or nobody outside.' }),
    isDetectedByAutomation: Type.Boolean({ description: 'Whether a detector had flagged it.' }),
    decidedBy: Type.Enum([...DECIDERS], { description: 'Who decided.' }),
    isMeasureAutomated: Type.Boolean({ description: 'Whether the ladder chose the measure.' }),
    contentDate: day('The day on which the image was made, or the account began.'),
    appliedAt: Instant('When the restriction began.'),
  }),
  example: {
    statementId: '0196e0f0-0000-8000-8000-000000000001',
    enforcementId: 'img-1',
    decision: 'account-terminated',
    clause: 'violent',
    policyVersion: '2022-05-18',
    source: 'users',
    isDetectedByAutomation: false,
    decidedBy: 'reviewers',
    isMeasureAutomated: true,
    contentDate: '2022-05-18',
    appliedAt: '2022-05-19T10:20:00.000Z',
  },
});

export const StatementAccepted = defineEvent({
  type: 'StatementAccepted',
  version: 1,
  summary: 'The Commission’s database has a statement of reasons.',
  schema: eventData({
    statementId,
    submission: Type.Optional(Submission),
    isRepeat: Type.Optional(
      Type.Boolean({ description: 'Whether the database had it already, since an earlier answer did not arrive.' }),
    ),
  }),
  example: {
    statementId: '0196e0f0-0000-8000-8000-000000000001',
    submission: {
      puid: '0196e0f0-0000-8000-8000-000000000001',
      decision_account: 'DECISION_ACCOUNT_TERMINATED',
      decision_facts: 'People flagged an image. It was reviewed by people.',
      decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
      incompatible_content_ground: 'Content policy 2022-05-18, clause violent: No violence',
      incompatible_content_explanation: 'Do not depict violence.',
      content_type: ['CONTENT_TYPE_IMAGE', 'CONTENT_TYPE_SYNTHETIC_MEDIA'],
      category: 'STATEMENT_CATEGORY_VIOLENCE',
      territorial_scope: ['DE', 'FR'],
      content_date: '2022-05-18',
      application_date: '2022-05-19',
      source_type: 'SOURCE_TYPE_OTHER_NOTIFICATION',
      automated_detection: 'No',
      automated_decision: 'AUTOMATED_DECISION_PARTIALLY',
    },
  },
});

export const StatementRefused = defineEvent({
  type: 'StatementRefused',
  version: 1,
  summary:
    'The Commission’s database refused a statement of reasons. It waits for somebody to order that it is sent again.',
  schema: eventData({
    statementId,
    errors: Type.Array(Line('What the database answered.', 1), {
      minItems: 1,
      maxItems: MAX_ERRORS,
      description: 'Why, field by field.',
    }),
    submission: Type.Optional(Submission),
  }),
  example: {
    statementId: '0196e0f0-0000-8000-8000-000000000001',
    errors: ['category: The selected category is invalid.'],
  },
});

export const statementEvents = [StatementQueued, StatementAccepted, StatementRefused];

export type StatementEvent = EventOf<(typeof statementEvents)[number]>;
