import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Label, Labels, Line, Name, Restricted } from '../events/schemas.js';
import { CONSEQUENCES, MAX_TARGETS } from './target-events.js';

export const MEASURES = ['strike', 'restrict', 'suspend', 'deactivate'] as const;
export const MAX_ENTRIES = 100;
export const MAX_STEPS = 20;
export const MAX_STRIKES = 100;
/** Ten years. */
export const MAX_DAYS = 3_650;

const accountId = EntityId('The account.');
const cause = {
  caseId: Type.Optional(EntityId('The confirmed case that caused it.')),
  enforcementId: Type.Optional(EntityId('The id of the enforcement, if it is not that of a case.')),
};

/** The facts and the clause are in the order itself. */
const statement = Type.Object(
  {
    ground: Type.Enum(['content-policy', 'decision-by-hand', 'other-system'], {
      description: 'What it is based on.',
    }),
    decidedBy: Type.Enum(['reviewers', 'operator', 'other-system'], {
      description: 'Who decided: people here, or another system.',
    }),
    reason: Type.Optional(Label('The reason that was given.')),
    policyVersion: Type.Optional(Name('The version of the content policy in force then.')),
    notedBy: Type.Optional(
      Type.Enum(['automation', 'people', 'both'], {
        description: 'Whether automation or people had flagged the image.',
      }),
    ),
    isMeasureAutomated: Type.Boolean({ description: 'Whether the ladder chose the measure, and no person did.' }),
  },
  { additionalProperties: false, description: 'Why the account was restricted, for its holder. No personal data.' },
);

export const EnforcementOrdered = defineEvent({
  type: 'EnforcementOrdered',
  version: 1,
  summary:
    'A measure against an account was ordered because of a confirmed review, or by hand. The targets that it names carry it out and acknowledge that.',
  published: true,
  schema: eventData({
    accountId,
    ...cause,
    imageId: Type.Optional(EntityId('The image of the case.')),
    measure: Type.Enum([...MEASURES], {
      description: 'The measure, by the ladder at the position of the confirmation.',
    }),
    action: Type.Optional(Restricted('The action that is restricted.')),
    until: Type.Optional(Instant('When the restriction or the suspension ends.')),
    strikes: Type.Optional(
      Count(
        'The number of active strikes with the one of this case; absent if it led to none.',
        1,
        MAX_STRIKES * 1_000,
      ),
    ),
    strikeUntil: Type.Optional(Instant('When that strike stops counting; absent if it never does.')),
    clause: Type.Optional(Label('The clause of the content policy that was violated.')),
    categories: Labels('The categories of the violation.'),
    targets: Type.Optional(
      Type.Array(Label('A target.'), {
        maxItems: MAX_TARGETS,
        description: 'The targets that carry it out and acknowledge that; absent if none were registered for it.',
      }),
    ),
    statement: Type.Optional(statement),
    round: Type.Optional(
      Count(
        'The round of the case whose confirmation it is for. Absent from orders by hand, from those that replace another for the same confirmation, and from earlier releases.',
        1,
      ),
    ),
    decidedAt: Type.Optional(
      Instant('When the decision was stored: ends count from here. Absent from orders of earlier releases.'),
    ),
  }),
  example: {
    accountId: 'acc-1',
    caseId: 'img-1',
    imageId: 'img-1',
    decidedAt: '2022-05-19T10:20:00.000Z',
    measure: 'deactivate',
    clause: 'violent',
    categories: ['violent'],
  },
});

export const EnforcementCompleted = defineEvent({
  type: 'EnforcementCompleted',
  version: 1,
  summary: 'The ordered measure is in force.',
  schema: eventData({ accountId, ...cause }),
  example: { accountId: 'acc-1', caseId: 'img-1' },
});

export const EnforcementReversed = defineEvent({
  type: 'EnforcementReversed',
  version: 1,
  summary:
    'What was ordered was undone, by an appeal or a later round of the case: the account has what it denied again. If another measure replaces it, EnforcementOrdered follows at once.',
  published: true,
  schema: eventData({
    accountId,
    ...cause,
    reason: Label('The reason: `appeal-granted`, `appeal-partly-granted`, `case-reopened` or `bulk-job-undone`.'),
    appeal: Count('Which appeal against this enforcement did it, counted from 1; 0 if none did.'),
    decidedRound: Type.Optional(Count('The later round of the case that did it; absent if an appeal did.', 1)),
    round: Type.Optional(Count('The confirmed round of the case. A later confirmation is enforced anew.', 1)),
  }),
  example: { accountId: 'acc-1', caseId: 'img-1', reason: 'appeal-granted', appeal: 1, round: 1 },
});

const target = Label('The name of a target.');

export const EnforcementAcknowledged = defineEvent({
  type: 'EnforcementAcknowledged',
  version: 1,
  summary:
    'A target has carried out what was ordered, or its reversal if that was asked last. The stored event has accountId.',
  schema: eventData({
    accountId: Type.Optional(accountId),
    ...cause,
    target,
    position: Type.Optional(
      Name('The position up to which the target has applied the log. Needed once the order was reversed or replaced.'),
    ),
  }),
  example: { accountId: 'acc-1', caseId: 'img-1', target: 'session-service' },
});

const lifted = (description: string) =>
  Type.Array(Type.Enum([...CONSEQUENCES]), { minItems: 1, maxItems: CONSEQUENCES.length, description });

export const EnforcementLifted = defineEvent({
  type: 'EnforcementLifted',
  version: 1,
  summary:
    'Consequences of an enforcement were lifted or have ended before every target acknowledged it: targets that carry out no other are asked no more.',
  schema: eventData({
    accountId,
    ...cause,
    targets: Type.Array(target, {
      minItems: 1,
      maxItems: MAX_TARGETS,
      description: 'The targets that are asked no more.',
    }),
    consequences: lifted('What is in force no longer.'),
  }),
  example: { accountId: 'acc-1', caseId: 'img-1', targets: ['session-service'], consequences: ['deactivate'] },
});

const asked = {
  accountId,
  ...cause,
  targets: Type.Array(target, { minItems: 1, maxItems: MAX_TARGETS, description: 'The targets that are asked again.' }),
  measure: Type.Enum([...MEASURES], { description: 'What was ordered.' }),
  action: Type.Optional(Restricted('The action that is restricted.')),
  until: Type.Optional(Instant('When the restriction or the suspension ends.')),
  isReversal: Type.Boolean({ description: 'Whether it was undone, which the targets have to carry out.' }),
  lifted: Type.Optional(lifted('What of it is in force no longer, so that nobody has to carry that out.')),
  asOf: Type.Optional(
    Name(
      'The position through which that is known: an event about the account or the image beyond it takes precedence. Absent from earlier releases.',
    ),
  ),
};

export const EnforcementOverdue = defineEvent({
  type: 'EnforcementOverdue',
  version: 1,
  summary: 'Targets have not acknowledged an enforcement, or its reversal, in time: they are asked again.',
  published: true,
  schema: eventData({
    ...asked,
    attempt: Count('How often they were asked again, with this time.', 1),
    nextAttemptAt: Instant('When they are asked again if they do not acknowledge.'),
  }),
  example: {
    accountId: 'acc-1',
    caseId: 'img-1',
    targets: ['session-service'],
    measure: 'deactivate',
    isReversal: false,
    attempt: 1,
    nextAttemptAt: '2022-05-19T10:22:00.000Z',
  },
});

export const EnforcementRedelivered = defineEvent({
  type: 'EnforcementRedelivered',
  version: 1,
  summary: 'An operator asked the targets again that have not acknowledged an enforcement, or its reversal.',
  published: true,
  schema: eventData({ ...asked, reason: Line('Why.', 1) }),
  example: {
    accountId: 'acc-1',
    caseId: 'img-1',
    targets: ['session-service'],
    measure: 'deactivate',
    isReversal: false,
    reason: 'the session service was restored',
  },
});

export const enforcementEvents = [
  EnforcementOrdered,
  EnforcementCompleted,
  EnforcementReversed,
  EnforcementAcknowledged,
  EnforcementOverdue,
  EnforcementRedelivered,
  EnforcementLifted,
];

export type EnforcementEvent = EventOf<(typeof enforcementEvents)[number]>;

const step = Type.Object(
  {
    strikes: Count('From how many active strikes on it applies, with the one of this violation.', 1, MAX_STRIKES),
    measure: Type.Enum([...MEASURES], {
      description:
        'What is imposed with the strike: nothing more, the restriction of one action, the suspension of every action, or the deactivation.',
    }),
    action: Type.Optional(Restricted('The action of a restriction.')),
    days: Type.Optional(Count('For how many days the action is restricted or the account is suspended.', 1, MAX_DAYS)),
  },
  { additionalProperties: false },
);

const entry = Type.Object(
  {
    clause: Type.Optional(Label('The clause of the content policy; absent: every clause without an entry of its own.')),
    strikeDays: Type.Optional(
      Count('For how many days a strike for such a violation counts; forever if absent.', 1, MAX_DAYS),
    ),
    steps: Type.Array(step, { minItems: 1, maxItems: MAX_STEPS, description: 'By number of strikes, ascending.' }),
  },
  { additionalProperties: false },
);

export const LadderSet = defineEvent({
  type: 'LadderSet',
  version: 1,
  summary:
    'What a violation leads to that is confirmed from now on, by clause and number of active strikes. Before the first such event, a confirmed violation deactivates the account.',
  schema: eventData({
    entries: Type.Array(entry, {
      minItems: 1,
      maxItems: MAX_ENTRIES,
      description: 'One for each clause, and one for the others.',
    }),
    reason: Line('Why it was changed.', 1),
  }),
  example: {
    entries: [
      {
        strikeDays: 90,
        steps: [
          { strikes: 1, measure: 'strike' },
          { strikes: 2, measure: 'suspend', days: 7 },
          { strikes: 3, measure: 'deactivate' },
        ],
      },
      { clause: 'sexual-minors', steps: [{ strikes: 1, measure: 'deactivate' }] },
    ],
    reason: 'first violations are often misunderstandings',
  },
});

export const ladderEvents = [LadderSet];

export type LadderEvent = EventOf<(typeof ladderEvents)[number]>;
