import type { Static } from 'typebox';
import type { CommandResult } from '../../event-store/write-result.js';
import { IsInteger } from '../../http/field-rules.js';
import { closed, count, instant, text } from '../../http/openapi/answer-schemas.js';
import { answer } from '../../http/openapi/operation.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import { toIso } from '../../kernel/clock.js';
import type { Claim } from '../case.js';

/** The result of a command that claims a case or renews a claim. */
export interface Claimed extends CommandResult {
  claim: Claim;
}

const TOKEN = 'The fencing token of the claim, which the case’s next claim makes invalid.';

export const ClaimAnswer = closed({
  caseId: text('The case.'),
  reviewer: text('The reviewer who claimed it.'),
  until: instant('When the claim ends.'),
  token: count(TOKEN),
  ...writeReceiptFields,
});
export type ClaimAnswer = Static<typeof ClaimAnswer>;

export const claimAnswer = (description: string) =>
  answer('Claim', description, ClaimAnswer, {
    caseId: 'img-1',
    reviewer: 'rev-1',
    until: '2022-05-19T10:15:00.000Z',
    token: 1,
    position: '1045',
  });

export const claimed = (caseId: string, result: Claimed): ClaimAnswer => {
  const { reviewer, until, token } = result.claim;
  return { caseId, reviewer, until: toIso(until), token, ...writeReceipt(result) };
};

/** A field with the token of a claim. */
export const IsClaimToken = () => IsInteger(TOKEN, 1, Number.MAX_SAFE_INTEGER);
