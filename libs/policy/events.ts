import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { eventData, Name } from '../events/schemas.js';

export const ContentPolicyPublished = defineEvent({
  type: 'ContentPolicyPublished',
  version: 1,
  summary: 'A version of the content policy came into force; access requires its acceptance from then on.',
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
  }),
  example: { version: '2022-05-18', url: 'https://example.org/policy/2022-05-18', digest: `sha256:${'0a'.repeat(32)}` },
});

export const policyEvents = [ContentPolicyPublished];

export type PolicyEvent = EventOf<(typeof policyEvents)[number]>;
