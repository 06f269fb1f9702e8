import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { eventData, Label, Line, Prose } from '../events/schemas.js';

export const GROUNDS = ['illegal', 'terms'] as const;
export const MAX_ENTRIES = 100;
export const MAX_KEYWORDS = 10;
/** Of the Commission's database: legal and contractual grounds, and explanations of them. */
export const MAX_GROUND = 500;
export const MAX_EXPLANATION = 2_000;

/** The Commission adds codes and removes others; what was set stays readable. */
export const Code = (description: string) =>
  Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Z][A-Z0-9_]*$', description });

const Entry = Type.Object(
  {
    clause: Type.Optional(
      Label('The clause of the content policy; absent in the entry for decisions that name none, as those by hand.'),
    ),
    category: Code('The category of the Commission’s database.'),
    keywords: Type.Optional(
      Type.Array(Code('A keyword.'), {
        minItems: 1,
        maxItems: MAX_KEYWORDS,
        uniqueItems: true,
        description: 'Its keywords that apply.',
      }),
    ),
    otherKeyword: Type.Optional(Line('What `KEYWORD_OTHER` means.', 1)),
    ground: Type.Enum([...GROUNDS], {
      description: 'Whether such content is `illegal`, or incompatible with the terms of the service.',
    }),
    legalGround: Type.Optional(Line('The law that is violated, of `illegal`.', 1)),
    isAlsoIllegal: Type.Optional(Type.Boolean({ description: 'Of `terms`: whether such content is illegal too.' })),
    explanation: Type.Optional(
      Prose(
        MAX_EXPLANATION,
        'Why such content is illegal or incompatible; by default the text of the clause. No personal data.',
      ),
    ),
  },
  { additionalProperties: false },
);

export const StatementMappingSet = defineEvent({
  type: 'StatementMappingSet',
  version: 1,
  summary:
    'What statements of reasons say of violations from now on: the category and the ground of each clause. Those that wait to be sent follow it too.',
  schema: eventData({
    entries: Type.Array(Entry, {
      minItems: 1,
      maxItems: MAX_ENTRIES,
      description: 'One for each clause, and one for decisions that name none.',
    }),
    reason: Line('Why it was changed.', 1),
  }),
  example: {
    entries: [
      {
        clause: 'violent',
        category: 'STATEMENT_CATEGORY_VIOLENCE',
        keywords: ['KEYWORD_INCITEMENT_VIOLENCE_HATRED'],
        ground: 'terms',
      },
      {
        category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC',
        ground: 'terms',
        explanation: 'The account violated the terms of the service in another way than by a single image.',
      },
    ],
    reason: 'as agreed with the legal department',
  },
});

export const mappingEvents = [StatementMappingSet];

export type MappingEvent = EventOf<(typeof mappingEvents)[number]>;
