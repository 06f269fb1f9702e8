import type { Role } from '../../http/credentials/principal.js';
import { count, flag, instant, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';
import type { Actor } from '../../kernel/envelope.js';
import { APPEAL_STATUSES } from '../appeal.js';
import { APPEAL_CONFLICTS } from '../conflict.js';

export const APPEAL_ID = 'The appeal: it has the id of its enforcement.';

/** Who may hear appeals; leads first, so that a person who is both acts as a lead. */
export const HEARERS = ['lead', 'administrator', 'reviewer'] as const satisfies Role[];

export const isLead = ({ role }: Actor): boolean => role === 'lead' || role === 'administrator';

export const isHearer = ({ role }: Actor): boolean => HEARERS.some((one) => one === role);

/** The service notifies the account's holder of the outcome, not of who decided. */
export const isService = ({ role }: Actor): boolean => role === 'service';

/** Why somebody may not hear an appeal. */
export const conflictField = (description: string) => orNull(oneOf(APPEAL_CONFLICTS, description));

/** Fields of every answer about an appeal. */
export const appealFields = {
  appealId: text(APPEAL_ID),
  accountId: text('The account.'),
  caseId: orNull(text('The case; null for a decision by hand.')),
  number: count('Which appeal against this enforcement it is, counted from 1.'),
  hasNewEvidence: flag('Whether it brings new evidence, as a second one must.'),
  status: oneOf(
    APPEAL_STATUSES,
    'Open, or how it was decided; `lapsed` if what it was against was undone before that.',
  ),
  filedAt: instant('When it was filed.'),
  dueAt: instant('Until when it is to be decided.'),
  isOverdue: flag('Whether it is open and its deadline has passed.'),
  firstClaimedAt: orNull(
    instant('When somebody first claimed it, and so could read it. Null if nobody has, and for the service.'),
  ),
  claimedBy: orNull(text('The reviewer who claimed it.')),
  claimedUntil: orNull(instant('When the claim ends.')),
  reservedFor: orNull(text('The person to whom it was handed over: nobody else can claim it. Null for the service.')),
  reservedUntil: orNull(instant('Until when nobody else can.')),
  decidedAt: orNull(instant('When it was decided, or lapsed.')),
  decidedBy: orNull(text('Who decided it; null for the service.')),
  clause: orNull(text('The clause that was violated, if it was granted in part.')),
  reason: orNull(text('Why it was decided so.')),
};
