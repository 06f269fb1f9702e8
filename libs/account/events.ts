import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import {
  EmailAddress,
  EntityId,
  eventData,
  Hash,
  Instant,
  Label,
  Labels,
  Name,
  PersonalText,
  Priority,
} from '../events/schemas.js';

const accountId = EntityId('The account.');

export const WaitlistJoined = defineEvent({
  type: 'WaitlistJoined',
  version: 1,
  summary: 'Somebody asked for access and waits for it.',
  contract: true,
  personal: { person: 'accountId', fields: ['email', 'reason'] },
  schema: eventData({
    accountId,
    email: EmailAddress('The address to write to. Stored sealed.'),
    emailHash: Type.Optional(Hash('Keyed hash of the normalised address. Set by Gatehouse, whoever sends the event.')),
    priority: Type.Optional(Priority()),
    locale: Type.Optional(Name('Language tag (BCP 47) to write in.')),
    reason: Type.Optional(PersonalText(2000, 'What the person wants to make. Stored sealed.')),
  }),
  example: {
    accountId: 'acc-1',
    email: 'ada@example.org',
    emailHash: '9f86d081884c7d659a2feaa0c55ad015',
    priority: 5,
    locale: 'en-GB',
  },
});

export const WaitlistLeft = defineEvent({
  type: 'WaitlistLeft',
  version: 1,
  summary: 'Somebody gave up their place on the waitlist.',
  schema: eventData({ accountId }),
  example: { accountId: 'acc-1' },
});

export const PolicyAccepted = defineEvent({
  type: 'PolicyAccepted',
  version: 1,
  summary: 'The holder of an account accepted a version of the content policy.',
  schema: eventData({ accountId, version: Name('The accepted version.') }),
  example: { accountId: 'acc-1', version: '2022-05-18' },
});

export const AccountOnboarded = defineEvent({
  type: 'AccountOnboarded',
  version: 1,
  summary: 'An account was let in with a cohort.',
  schema: eventData({ accountId, cohortId: EntityId('The cohort it came in with.') }),
  example: { accountId: 'acc-1', cohortId: '2022-w20' },
});

export const AccountSuspended = defineEvent({
  type: 'AccountSuspended',
  version: 1,
  summary: 'An account may do nothing until a given time.',
  schema: eventData({ accountId, until: Instant('When the suspension ends, by itself.'), reason: Label('Why.') }),
  example: { accountId: 'acc-1', until: '2022-06-01T00:00:00.000Z', reason: 'second-strike' },
});

export const AccountDeactivated = defineEvent({
  type: 'AccountDeactivated',
  version: 1,
  summary: 'An account lost its access, for good unless it is reinstated.',
  contract: true,
  schema: eventData({
    accountId,
    reason: Label('Why: `review-confirmed`, `operator-decision` or another system’s own reason.'),
    caseId: Type.Optional(EntityId('The confirmed case that led here.')),
    imageId: Type.Optional(EntityId('The image of that case.')),
    categories: Labels('What was found; empty where that is not said.'),
  }),
  example: {
    accountId: 'acc-1',
    reason: 'review-confirmed',
    caseId: 'img-1',
    imageId: 'img-1',
    categories: ['violent'],
  },
});

export const AccountReinstated = defineEvent({
  type: 'AccountReinstated',
  version: 1,
  summary: 'A deactivation or suspension was taken back; the account stands where it stood before.',
  schema: eventData({ accountId, reason: Label('Why.') }),
  example: { accountId: 'acc-1', reason: 'appeal-granted' },
});

/** Of an account's stream. */
export const accountEvents = [
  WaitlistJoined,
  WaitlistLeft,
  PolicyAccepted,
  AccountOnboarded,
  AccountSuspended,
  AccountDeactivated,
  AccountReinstated,
];

export type AccountEvent = EventOf<(typeof accountEvents)[number]>;

export const PersonRegistered = defineEvent({
  type: 'PersonRegistered',
  version: 1,
  summary: 'A person, known by the keyed hash of their address, got their one account. Stands on `person-{emailHash}`.',
  schema: eventData({ accountId: EntityId('The account that is theirs.') }),
  example: { accountId: 'acc-1' },
});

/** Of a person's stream, which says which account is theirs. */
export const personEvents = [PersonRegistered];

export type PersonEvent = EventOf<(typeof personEvents)[number]>;
