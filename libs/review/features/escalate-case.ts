import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsPersonalText } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { caseStream } from '../case.js';
import { escalateCase } from '../claim-decisions.js';
import { CASE_ID } from '../queries/case-fields.js';
import { isLead, REVIEWERS } from '../queries/reviewing-roles.js';
import { IsClaimToken } from './claim-answer.js';

export class EscalateCase extends RequestCommand {
  @IfGiven()
  @IsClaimToken()
  token?: number;

  @IfGiven()
  @IsPersonalText(2000, 'Why. Stored encrypted under a key of the caller.')
  note?: string;

  declare readonly caseId: string;
}

export const EscalateCaseHandler = decisionHandler(
  EscalateCase,
  caseStream,
  (state, { caseId, token, note, context: { actor } }) =>
    escalateCase(state, {
      caseId,
      by: actor.id,
      isLead: isLead(actor),
      ...(token !== undefined && { token }),
      ...(note !== undefined && { note }),
    }),
  ({ caseId }) => caseId,
);

@Controller('v1/cases')
export class EscalateCaseController extends CommandRoute {
  @Post(':id/escalate')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Escalates a case: in this round only leads can claim it', {
    description: 'It ends the claim. Reviewers need the token of their claim; leads can escalate any open case.',
    fields: { id: CASE_ID },
    example: { token: 1, note: 'may concern a public figure' },
    answer: receipt('The case is escalated.'),
    refusals: { 404: ['case-unknown'], 409: ['case-not-open', 'claim-lost'] },
  })
  escalateCase(@Param() { id }: IdParam, @Body() escalation: EscalateCase, @Context() context: Context) {
    return this.receipt(escalation.with({ context, caseId: id }));
  }
}
