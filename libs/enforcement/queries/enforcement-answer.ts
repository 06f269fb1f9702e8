import { type Static, Type } from 'typebox';
import {
  actor,
  closed,
  count,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { MEASURES } from '../events.js';

export const howToAppeal = (id: string): string =>
  `The service that the holder logs in to files an appeal with POST /v1/enforcements/${id}/appeals; a reviewer who took no part decides it.`;

const ReceiptEvent = closed({
  type: text('Type of the event.'),
  subject: text('What it is about: the account, the image or the enforcement.'),
  position: position('Place in the log.'),
  storedAt: instant('When it was stored.'),
  actor,
});

export const StatementAnswer = closed(
  {
    ground: oneOf(['content-policy', 'decision-by-hand', 'other-system'], 'What it is based on.'),
    decidedBy: oneOf(['reviewers', 'operator', 'other-system'], 'Who decided.'),
    reason: orNull(text('The reason that was given, as a label.')),
    policyVersion: orNull(text('The version of the content policy in force then.')),
    notedBy: orNull(oneOf(['automation', 'people', 'both'], 'Whether automation or people had flagged the image.')),
    isMeasureAutomated: flag('Whether the ladder chose the measure, and no person did.'),
    appeal: text('How the holder of the account appeals.'),
  },
  'The statement of reasons, for the holder of the account; null for orders of earlier releases. It has no personal data.',
);

export const EnforcementAnswer = closed({
  enforcementId: text('The case, or the id of a decision by hand.'),
  accountId: text('The account.'),
  status: oneOf(
    ['ordered', 'completed', 'reversed'],
    'Whether everything that was ordered is in force, or was, or whether an appeal undid it.',
  ),
  isInForce: flag(
    'Whether anything of it still denies the account something or counts as a strike, by its events and the clock.',
  ),
  measure: oneOf(MEASURES, 'What was ordered.'),
  action: orNull(text('The action that a restriction denies.')),
  until: orNull(instant('When the restriction or the suspension ends.')),
  strikes: orNull(count('The number of active strikes with the one of this case; null if it led to none.')),
  strikeUntil: orNull(instant('When that strike stops counting.')),
  clause: orNull(text('The clause that was violated.')),
  categories: list(Type.String(), 'The categories of the violation.'),
  review: orNull(
    closed(
      {
        caseId: text('The case.'),
        imageId: text('Its image.'),
        reviewers: list(Type.String(), 'Who decided it; empty for a service.'),
        position: position('The position of the decision: from here on the account is denied.'),
        storedAt: instant('When it was stored.'),
      },
      'The decision that caused it; null for one by hand.',
    ),
  ),
  ladder: orNull(position('The position of the ladder that chose the measure; null for the default, or by hand.')),
  statement: orNull(StatementAnswer),
  submissions: orNull(
    list(
      closed({
        statementId: text('The statement, as its identifier at the database.'),
        decision: text('What was restricted.'),
        status: oneOf(['waiting', 'accepted', 'refused'], 'What became of it.'),
        acceptedAt: orNull(instant('When the database had it.')),
        errors: list(Type.String(), 'Why the database refused it, in its words.'),
      }),
      'The statements of reasons for the Commission’s database (Digital Services Act); empty for a service, and if none is made; null while the view of them is built.',
    ),
  ),
  acknowledgements: list(
    closed({
      target: text('A target that was asked.'),
      isRegistered: flag('Whether it is still registered: nothing waits for others.'),
      acknowledgedAt: orNull(instant('When it acknowledged what was asked last; null if it has not.')),
      isLifted: flag('Whether it is asked no more, since what it would carry out was lifted or has ended.'),
    }),
    'The targets that were asked to carry it out, or its reversal if that was asked last.',
  ),
  decisionPoints: list(
    closed({
      decisionPoint: text('A process that answers access decisions: its machine and its process id.'),
      appliedAt: orNull(instant('When it had applied the decision; null if it ran then and has not reported that.')),
    }),
    'Since when each decision point denies. Empty for a strike, which denies nothing. One that has ended before it reported is missing, and those of 90 days ago are.',
  ),
  disregarded: orNull(
    count(
      'How often services are noted since to have acted for the account although it was denied, or to have shared its image although it was withheld; null while a view of that is built. Of an account and of an image only the first 20 uses ever are noted, so that later ones may be missing.',
    ),
  ),
  timesAskedAgain: count('How often overdue targets were asked again since.'),
  events: list(
    ReceiptEvent,
    'What was stored because of it, and what lifted it, in the order of the log; empty for a service, which does not see who did it.',
  ),
  position: position('The position of the last of them.'),
});
export type EnforcementAnswer = Static<typeof EnforcementAnswer>;

const process = { kind: 'process' as const, id: 'enforcing' };
export const enforcementExample: EnforcementAnswer = {
  enforcementId: 'img-1',
  accountId: 'acc-1',
  status: 'completed',
  isInForce: true,
  measure: 'deactivate',
  action: null,
  until: null,
  strikes: null,
  strikeUntil: null,
  clause: 'violent',
  categories: ['violent'],
  review: {
    caseId: 'img-1',
    imageId: 'img-1',
    reviewers: ['rev-1'],
    position: '1042',
    storedAt: '2022-05-19T10:20:00.000Z',
  },
  ladder: '17',
  statement: {
    ground: 'content-policy',
    decidedBy: 'reviewers',
    reason: null,
    policyVersion: '2022-05-18',
    notedBy: 'automation',
    isMeasureAutomated: true,
    appeal: howToAppeal('img-1'),
  },
  submissions: [
    {
      statementId: '0196e0f0-0000-8000-8000-000000000001',
      decision: 'account-terminated',
      status: 'accepted',
      acceptedAt: '2022-05-19T10:20:05.000Z',
      errors: [],
    },
  ],
  acknowledgements: [
    { target: 'session-service', isRegistered: true, acknowledgedAt: '2022-05-19T10:20:03.000Z', isLifted: false },
  ],
  decisionPoints: [{ decisionPoint: 'gateway-1:17', appliedAt: '2022-05-19T10:20:00.003Z' }],
  disregarded: 0,
  timesAskedAgain: 0,
  events: [
    {
      type: 'EnforcementOrdered',
      subject: 'enforcement-img-1',
      position: '1043',
      storedAt: '2022-05-19T10:20:00.004Z',
      actor: process,
    },
  ],
  position: '1043',
};
