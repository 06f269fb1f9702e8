import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import {
  Count,
  EmailAddress,
  EntityId,
  eventData,
  Hash,
  Instant,
  Label,
  Labels,
  Line,
  Name,
  PersonalText,
  Priority,
  Restricted,
  WaitlistClass,
} from '../events/schemas.js';
import { confirmationEvents } from './confirmation-events.js';
import { invitationEvents } from './invitation-events.js';

const accountId = EntityId('The account.');

export const WaitlistJoined = defineEvent({
  type: 'WaitlistJoined',
  version: 1,
  summary: 'A person joined the waitlist.',
  contract: true,
  personal: { person: 'accountId', fields: ['email', 'reason'] },
  schema: eventData({
    accountId,
    email: EmailAddress('The e-mail address of the person. Stored encrypted.'),
    emailHash: Type.Optional(Hash('Keyed hash of the normalized address. Gatehouse always computes it itself.')),
    priority: Type.Optional(Priority()),
    class: Type.Optional(WaitlistClass()),
    locale: Type.Optional(Name('Language tag (BCP 47) of the person.')),
    policyVersion: Type.Optional(
      Name('The version of the content policy to which the person agreed by joining. A `PolicyAccepted` follows.'),
    ),
    reason: Type.Optional(PersonalText(2000, 'What the person wants to create. Stored encrypted.')),
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
  summary: 'A person left the waitlist.',
  schema: eventData({ accountId }),
  example: { accountId: 'acc-1' },
});

export const WaitlistClassSet = defineEvent({
  type: 'WaitlistClassSet',
  version: 1,
  summary: 'An operator put an account into a class of the waitlist. Its place within the order of joining stays.',
  schema: eventData({ accountId, class: WaitlistClass(), reason: Line('Why.') }),
  example: { accountId: 'acc-1', class: 'artists', reason: 'the artist programme' },
});

export const AddressChanged = defineEvent({
  type: 'AddressChanged',
  version: 1,
  summary: 'The address of an account was changed.',
  personal: { person: 'accountId', fields: ['email'] },
  schema: eventData({
    accountId,
    email: EmailAddress('The new e-mail address of the person. Stored encrypted.'),
    emailHash: Hash('Keyed hash of its mailbox.'),
    formerHash: Type.Optional(Hash('The same of the address before, which is free again.')),
  }),
  example: {
    accountId: 'acc-1',
    email: 'ada@example.org',
    emailHash: '9f86d081884c7d659a2feaa0c55ad015',
    formerHash: '60303ae22b998861bce3b28f33eec1be',
  },
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
  summary: 'An account was onboarded with a cohort.',
  schema: eventData({ accountId, cohortId: EntityId('The cohort.') }),
  example: { accountId: 'acc-1', cohortId: '2022-w20' },
});

const cause = {
  caseId: Type.Optional(EntityId('The confirmed case that caused it.')),
  enforcementId: Type.Optional(
    EntityId('The enforcement of its own that a decision by hand or of another system has; its cause.'),
  ),
};

export const AccountSuspended = defineEvent({
  type: 'AccountSuspended',
  version: 1,
  summary: 'An account was suspended until a given time. No event marks the end.',
  published: true,
  schema: eventData({ accountId, until: Instant('When the suspension ends.'), reason: Label('The reason.'), ...cause }),
  example: { accountId: 'acc-1', until: '2022-06-01T00:00:00.000Z', reason: 'review-confirmed', caseId: 'img-1' },
});

export const AccountRestricted = defineEvent({
  type: 'AccountRestricted',
  version: 1,
  summary:
    'One action was denied to an account until a given time. No event marks the end; CauseLifted ends it earlier.',
  published: true,
  schema: eventData({
    accountId,
    action: Restricted('The action that is denied.'),
    until: Instant('When the restriction ends.'),
    reason: Label('The reason.'),
    ...cause,
  }),
  example: {
    accountId: 'acc-1',
    action: 'share',
    until: '2022-06-01T00:00:00.000Z',
    reason: 'review-confirmed',
    caseId: 'img-1',
  },
});

export const StrikeIssued = defineEvent({
  type: 'StrikeIssued',
  version: 1,
  summary: 'A confirmed violation counts against an account until a given time, or without an end.',
  schema: eventData({
    accountId,
    caseId: EntityId('The confirmed case.'),
    clause: Type.Optional(Label('The clause of the content policy that was violated.')),
    until: Type.Optional(Instant('When it stops counting; absent if it never does.')),
  }),
  example: { accountId: 'acc-1', caseId: 'img-1', clause: 'violent', until: '2022-08-17T10:00:00.000Z' },
});

export const StrikeRescinded = defineEvent({
  type: 'StrikeRescinded',
  version: 1,
  summary: 'A strike counts no longer, because its cause was lifted.',
  schema: eventData({ accountId, caseId: EntityId('The case of the strike.'), reason: Label('The reason.') }),
  example: { accountId: 'acc-1', caseId: 'img-1', reason: 'appeal-granted' },
});

export const AccountDeactivated = defineEvent({
  type: 'AccountDeactivated',
  version: 1,
  summary: 'An account lost its access until it is reinstated.',
  contract: true,
  schema: eventData({
    accountId,
    reason: Label('The reason: `review-confirmed`, `operator-decision`, or a reason of another system.'),
    ...cause,
    imageId: Type.Optional(EntityId('The image of that case.')),
    categories: Labels('The categories of the violation; empty if unknown.'),
  }),
  example: {
    accountId: 'acc-1',
    reason: 'review-confirmed',
    caseId: 'img-1',
    imageId: 'img-1',
    categories: ['violent'],
  },
});

export const DeactivationCauseAdded = defineEvent({
  type: 'DeactivationCauseAdded',
  version: 1,
  summary:
    'A deactivated account would be deactivated for another cause too. It remains so until each cause is lifted.',
  schema: eventData({
    accountId,
    reason: Label('The reason.'),
    ...cause,
    imageId: Type.Optional(EntityId('The image of that case.')),
    categories: Labels('The categories of the violation; empty if unknown.'),
  }),
  example: {
    accountId: 'acc-1',
    reason: 'review-confirmed',
    caseId: 'img-2',
    imageId: 'img-2',
    categories: ['hate'],
  },
});

export const CauseLifted = defineEvent({
  type: 'CauseLifted',
  version: 1,
  summary:
    'What one cause denied to an account was lifted; what others deny is still in force. If the account has its access again, AccountReinstated follows.',
  published: true,
  schema: eventData({
    accountId,
    cause: EntityId('The case or the enforcement.'),
    reason: Label('The reason.'),
  }),
  example: { accountId: 'acc-1', cause: 'img-1', reason: 'appeal-granted' },
});

export const AccountReinstated = defineEvent({
  type: 'AccountReinstated',
  version: 1,
  summary:
    'A deactivation or suspension was reversed; the account has its earlier status again. Events that follow at once say what is still in force.',
  published: true,
  schema: eventData({
    accountId,
    reason: Label('The reason.'),
    cause: Type.Optional(
      EntityId('The case or the enforcement that was lifted, if it was one alone; absent if all that denied was.'),
    ),
  }),
  example: { accountId: 'acc-1', reason: 'appeal-granted', cause: 'img-1' },
});

/** The events of an account's stream. */
export const accountEvents = [
  WaitlistJoined,
  WaitlistLeft,
  WaitlistClassSet,
  AddressChanged,
  ...confirmationEvents,
  PolicyAccepted,
  ...invitationEvents,
  AccountOnboarded,
  AccountSuspended,
  AccountRestricted,
  StrikeIssued,
  StrikeRescinded,
  AccountDeactivated,
  DeactivationCauseAdded,
  CauseLifted,
  AccountReinstated,
];

export type AccountEvent = EventOf<(typeof accountEvents)[number]>;

export const AddressReserved = defineEvent({
  type: 'AddressReserved',
  version: 1,
  summary:
    'A command reserved an address, whose keyed hash names the stream `person-{hash}`, until its account has decided.',
  schema: eventData({
    accountId: EntityId('The account that is to have the address.'),
    after: Count('The number of events of that account. The reservation is void once it has another one.'),
  }),
  example: { accountId: 'acc-1', after: 0 },
});

export const PersonRegistered = defineEvent({
  type: 'PersonRegistered',
  version: 1,
  summary: 'An account has the address whose keyed hash names the stream `person-{hash}`.',
  schema: eventData({ accountId: EntityId('The account of the person.') }),
  example: { accountId: 'acc-1' },
});

export const AddressReleased = defineEvent({
  type: 'AddressReleased',
  version: 1,
  summary: 'The address is free: its account has another one, or the command that reserved it changed nothing.',
  schema: eventData({ accountId: EntityId('The account that had or reserved it.') }),
  example: { accountId: 'acc-1' },
});

/** The events of a person's stream, which records whose an address is. */
export const personEvents = [AddressReserved, PersonRegistered, AddressReleased];

export type PersonEvent = EventOf<(typeof personEvents)[number]>;
