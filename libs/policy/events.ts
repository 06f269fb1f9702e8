import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, eventData, Instant, Label, Line, MAX_SEVERITY, Name, Prose } from '../events/schemas.js';

export { MAX_SEVERITY };

/** Maximum clauses of a version. */
export const MAX_CLAUSES = 50;

const Clause = eventData({
  id: Label('What verdicts and the categories of flags name it by.'),
  title: Line('Its title, as people see it.', 1),
  severity: Count('How severe a violation is, from 0 to 3.', 0, MAX_SEVERITY),
  text: Type.Optional(Prose(4000, 'Its text, as people see it.')),
});

export const ContentPolicyPublished = defineEvent({
  type: 'ContentPolicyPublished',
  version: 1,
  summary:
    'A version of the content policy was published. From its effective date on, and after its grace period, access requires its acceptance.',
  schema: eventData({
    version: Name('The version that people see.'),
    url: Type.Optional(
      Type.String({ maxLength: 2000, format: 'uri', pattern: '^https?://', description: 'The URL of its text.' }),
    ),
    digest: Type.Optional(
      Type.String({
        maxLength: 71,
        pattern: '^sha256:[0-9a-f]{64}$',
        description: 'SHA-256 of its text, as `sha256:` and hex.',
      }),
    ),
    effectiveFrom: Type.Optional(Instant('When it comes into force; with its publication by default.')),
    graceDays: Type.Optional(
      Count('For how many days after that the version before it still counts as accepted; 0 by default.', 0, 365),
    ),
    clauses: Type.Optional(
      Type.Array(Clause, {
        minItems: 1,
        maxItems: MAX_CLAUSES,
        description: 'Its clauses, each with an id of its own. A verdict that finds a violation names one.',
      }),
    ),
  }),
  example: {
    version: '2022-05-18',
    url: 'https://example.org/policy/2022-05-18',
    digest: `sha256:${'0a'.repeat(32)}`,
    effectiveFrom: '2022-06-01T00:00:00.000Z',
    graceDays: 14,
    clauses: [{ id: 'violent', title: 'No violence', severity: 2, text: 'Do not depict violence.' }],
  },
});

export const ContentPolicyWithdrawn = defineEvent({
  type: 'ContentPolicyWithdrawn',
  version: 1,
  summary:
    'A version of the content policy was withdrawn, as if it had never been published. The one before it is in force again.',
  schema: eventData({ version: Name('The version.'), reason: Line('Why.') }),
  example: { version: '2022-05-81', reason: 'a typing error in the version' },
});

export const policyEvents = [ContentPolicyPublished, ContentPolicyWithdrawn];

export type PolicyEvent = EventOf<(typeof policyEvents)[number]>;
