import { type Static, Type } from 'typebox';
import {
  actor,
  closed,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { toIso } from '../../kernel/clock.js';
import type { Recorded } from '../../kernel/envelope.js';
import { type AccountStanding, consequencesOf } from '../account-standing.js';
import type { Cause } from '../consequences.js';
import type { AccountEvent } from '../events.js';

const ExplanationAnswer = closed({
  reason: text('As access decisions name it; `allowed` if nothing denies access.'),
  text: text('The reason in one sentence: what, why, who and when.'),
  position: Type.Optional(position('The position of the event behind it.')),
  time: Type.Optional(instant('When that happened.')),
  actor: Type.Optional(actor),
  caseId: Type.Optional(text('The case that caused it.')),
  imageId: Type.Optional(text('The image of that case.')),
  reviewers: Type.Optional(list(Type.String(), 'Who decided that case.')),
});

const ChangeAnswer = closed({
  position: position('Place in the log.'),
  type: text('Type of the event.'),
  time: instant('When it happened.'),
  actor,
  reason: Type.Optional(text('Why, as a label.')),
  caseId: Type.Optional(text('The case that caused it.')),
  imageId: Type.Optional(text('The image of that case.')),
  enforcementId: Type.Optional(text('The enforcement of a decision by hand.')),
  cause: Type.Optional(text('The case or the enforcement whose consequences were lifted.')),
  action: Type.Optional(text('The action that was restricted.')),
  clause: Type.Optional(text('The clause that was violated.')),
  until: Type.Optional(instant('When a suspension, a restriction or a strike was to end.')),
  cohortId: Type.Optional(text('The cohort it was onboarded with.')),
  version: Type.Optional(text('The content policy that was accepted.')),
});

export const AccountAnswer = closed({
  accountId: text('The account.'),
  status: oneOf(['unknown', 'waiting', 'left', 'onboarded'], 'Its status.'),
  deactivated: flag('Denied everything until it is reinstated.'),
  suspendedUntil: orNull(instant('Denied everything until then.')),
  policyVersion: orNull(text('The content policy accepted last.')),
  cohortId: orNull(text('The cohort it was onboarded with.')),
  consequences: list(
    closed({
      measure: oneOf(['deactivation', 'suspension', 'restriction', 'strike'], 'What was imposed.'),
      cause: orNull(text('The case or the enforcement that caused it; null for one by hand of an earlier release.')),
      action: orNull(text('The action that a restriction denies.')),
      until: orNull(instant('When it ends; null if it does not.')),
    }),
    'What was imposed on the account and was neither lifted nor has ended, by cause.',
  ),
  asOf: closed(
    { position: position('Its position in the log.'), time: instant('When it was stored.') },
    'The last event included.',
  ),
  why: list(
    ExplanationAnswer,
    'Why it has no access, every reason first to last, or why it has. Suspended actions are shown by GET /v1/switches.',
  ),
  history: list(ChangeAnswer, 'The events so far, oldest first.'),
  etag: text('Also the header `ETag`. Send it as `If-Match` to change the account only if it is still as shown here.'),
  position: position('The position of the last event included.'),
});
export type AccountAnswer = Static<typeof AccountAnswer>;

export const accountExample: AccountAnswer = {
  accountId: 'acc-1',
  status: 'waiting',
  deactivated: false,
  suspendedUntil: null,
  policyVersion: null,
  cohortId: null,
  consequences: [],
  asOf: { position: '12', time: '2022-05-18T09:00:00.012Z' },
  why: [
    {
      reason: 'not-onboarded',
      text: 'acc-1 is on the waitlist and not onboarded yet, since 2022-05-18T09:00:00.000Z',
      position: '12',
      time: '2022-05-18T09:00:00.000Z',
      actor: { kind: 'service', id: 'web', role: 'service' },
    },
  ],
  history: [
    {
      position: '12',
      type: 'WaitlistJoined',
      time: '2022-05-18T09:00:00.000Z',
      actor: { kind: 'service', id: 'web', role: 'service' },
    },
  ],
  etag: '"9c1f03ab55d2-12"',
  position: '12',
};

/** What an event says beside its type, without personal data. */
const SHOWN = [
  'reason',
  'caseId',
  'enforcementId',
  'cause',
  'imageId',
  'action',
  'clause',
  'until',
  'cohortId',
  'version',
] as const;

type Consequence = AccountAnswer['consequences'][number];

export function shownConsequences(state: AccountStanding, now: number): Consequence[] {
  const { deactivations, suspensions, restrictions, strikes } = consequencesOf(state);
  const shown =
    (measure: Consequence['measure']) =>
    ({ cause, until, action }: Pick<Cause, 'cause'> & { until?: number; action?: string }): Consequence[] =>
      until !== undefined && until <= now
        ? []
        : [
            {
              measure,
              cause: cause === '' ? null : cause,
              action: action ?? null,
              until: until === undefined ? null : toIso(until),
            },
          ];
  return [
    ...deactivations.flatMap(shown('deactivation')),
    ...suspensions.flatMap(shown('suspension')),
    ...restrictions.flatMap(shown('restriction')),
    ...strikes.flatMap(shown('strike')),
  ];
}

export function shownOf(data: Recorded<AccountEvent>['data']): Partial<Record<(typeof SHOWN)[number], string>> {
  // The reason of somebody who joins is text of theirs.
  if ('email' in data) return {};
  const values = data as Record<string, unknown>;
  return Object.fromEntries(SHOWN.flatMap((name) => (typeof values[name] === 'string' ? [[name, values[name]]] : [])));
}
