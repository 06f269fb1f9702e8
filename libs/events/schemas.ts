import { Type } from 'typebox';
import { MAX_PER_WEEK } from '../kernel/rollout-limits.js';
import {
  EMAIL_ADDRESS,
  ENTITY_ID,
  HASH,
  LABEL,
  LINE,
  MAX_ID_LENGTH,
  MAX_LABEL_LENGTH,
  NAME,
  TEXT,
} from '../kernel/text-forms.js';

/*
 * The building blocks of every event schema. Each string has a maximum length, no control characters and no half of a
 * surrogate pair: an accepted string can safely be stored, shown in a terminal or used in a file name or header.
 */

export { MAX_PER_WEEK };
/** Maximum accounts in one event. */
export const ACCOUNTS_PER_EVENT = 1000;
/** The highest severity of a clause of the content policy. */
export const MAX_SEVERITY = 3;

/** An account, image, case, cohort or person, as its own system names it. */
export const EntityId = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH, pattern: ENTITY_ID, description });

/** A short technical name or version: `2022-05-18`, `dalle-2.1`, `en-GB`. */
export const Name = (description: string) => Type.String({ minLength: 1, maxLength: 64, pattern: NAME, description });

/** A lower-case label that counters and clients group by: `violent`, `self-harm`. */
export const Label = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_LABEL_LENGTH, pattern: LABEL, description });

export const Labels = (description: string) => Type.Array(Label('One label.'), { maxItems: 20, description });

/** One line of text without personal data. */
export const Line = (description: string, minLength = 0) =>
  Type.String({ ...(minLength > 0 && { minLength }), maxLength: 500, pattern: LINE, description });

/** Text of several lines without personal data. */
export const Prose = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: TEXT, description });

/**
 * Text that a person wrote. List the field in the definition's `personal`: it is then stored encrypted, as `sealed:v2:…`.
 * The schema refuses that prefix, because nobody could decrypt a string that a sender made up.
 */
export const PersonalText = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: TEXT, description });

/** An e-mail address as typed; nobody checked that it exists. */
export const EmailAddress = (description: string) =>
  Type.String({
    minLength: 3,
    maxLength: 254,
    pattern: EMAIL_ADDRESS,
    description,
  });

/** Lower-case hexadecimal digits of a hash. */
export const Hash = (description: string) => Type.String({ minLength: 32, maxLength: 128, pattern: HASH, description });

/** RFC 3339, like `2022-05-18T09:00:00.000Z`. */
export const Instant = (description: string) => Type.String({ format: 'date-time', maxLength: 35, description });

/** A system whose events these are, as CloudEvents has it. */
export const Source = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH, format: 'uri-reference', description });

export const Count = (description: string, minimum = 0, maximum = Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ minimum, maximum, description });

export const PerWeek = (minimum: number) =>
  Count('How many people may be onboarded per rolling seven days.', minimum, MAX_PER_WEEK);

export const Accounts = (description: string) =>
  Type.Array(EntityId('An account.'), { minItems: 1, maxItems: ACCOUNTS_PER_EVENT, uniqueItems: true, description });

/** Priority classes of the waitlist: 0 is onboarded first. */
export const Priority = () =>
  Type.Integer({ minimum: 0, maximum: 9, description: 'Priority class: 0 is onboarded first, 9 last; 5 by default.' });

/** A class of the waitlist, whose share of a cohort operators set. */
export const WaitlistClass = () =>
  Label(
    `The class: \`artists\`, \`region/eu\`; \`general\` by default. \`staff\` is chosen first, \`hold-out\` never.`,
  );

/** The actions that can be denied to an account by themselves. */
export const RESTRICTED_ACTIONS = ['generate', 'share'] as const;
export type RestrictedAction = (typeof RESTRICTED_ACTIONS)[number];

export const Restricted = (description: string) => Type.Enum([...RESTRICTED_ACTIONS], { description });

/** The data of an event: these fields and no others. */
export const eventData = <const Properties extends Parameters<typeof Type.Object>[0]>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });
