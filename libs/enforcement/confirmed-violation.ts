import type { AccountStanding } from '../account/index.js';
import type { RecordedOf } from '../events/event-definition.js';
import type { Position } from '../kernel/envelope.js';
import type { ReviewConfirmed } from '../review/index.js';
import { type Ladder, ladderAt, type Outcome, outcomeOf } from './ladder.js';

/** A confirmed review of an image whose account is known. */
export interface ConfirmedViolation {
  accountId: string;
  caseId: string;
  imageId: string;
  categories: string[];
  clause?: string | undefined;
  /** The confirmed round; absent from earlier releases. */
  round?: number | undefined;
  position: Position;
  /** When it was stored, in epoch milliseconds. */
  at: number;
}

/** Undefined if nobody knows whose image it is. */
export function violationOf({
  data: { accountId, caseId, imageId, categories, clause, round },
  position,
  recordedAt,
}: RecordedOf<typeof ReviewConfirmed>): ConfirmedViolation | undefined {
  if (accountId === undefined) return undefined;
  return { accountId, caseId, imageId, categories, clause, round, position, at: Date.parse(recordedAt) };
}

/** The other strikes of the account that are active at the time of the violation. */
export const strikesBefore = ({ caseId, at }: ConfirmedViolation, { consequences }: AccountStanding): number =>
  (consequences?.strikes ?? []).filter(({ cause, until }) => cause !== caseId && (until === undefined || at < until))
    .length;

/** By the ladder at the position of the confirmation, and the strikes that are active at its time. */
export const outcomeFor = (violation: ConfirmedViolation, standing: AccountStanding, ladder: Ladder): Outcome =>
  outcomeOf(ladderAt(ladder, violation.position), violation.clause, strikesBefore(violation, standing), violation.at);

/** No account's id begins so: a case without an account must not keep an account of the same name waiting. */
const NO_ACCOUNT = '~';

/** The key of a confirmation in the consumer that enforces: its account, so that its cases are enforced in order. */
export const enforcingKey = ({ data }: { data: { accountId?: string; caseId: string } }): string =>
  data.accountId ?? NO_ACCOUNT + data.caseId;

/** Whether a parked key of that consumer is of a confirmation that names no account, and so denies nobody anything. */
export const isOfNoAccount = (key: string): boolean => key.startsWith(NO_ACCOUNT);
