import { Controller, Delete, Param } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { caseStream } from '../case.js';
import { CASE_ID } from '../queries/case-fields.js';
import { REVIEWERS } from '../queries/reviewing-roles.js';
import { withdrawVerdict } from '../verdict-decisions.js';

export class WithdrawVerdict extends RequestCommand {
  declare readonly caseId: string;
}

export const WithdrawVerdictHandler = decisionHandler(
  WithdrawVerdict,
  caseStream,
  (state, { caseId, context }, now) => withdrawVerdict(state, { caseId, reviewer: context.actor.id, now }),
  ({ caseId }) => caseId,
);

@Controller('v1/cases')
export class WithdrawVerdictController extends CommandRoute {
  @Delete(':id/verdicts/mine')
  @Roles(...REVIEWERS)
  @Operation('Takes the caller’s verdict back before it is final; a repeat changes nothing', {
    description: '`GATEHOUSE_VERDICT_WINDOW_MS` says how long a verdict can be taken back.',
    fields: { id: CASE_ID },
    answer: receipt('The verdict is withdrawn.'),
    refusals: { 404: ['case-unknown'], 409: ['verdict-final'] },
  })
  withdrawVerdict(@Param() { id }: IdParam, @Context() context: Context) {
    return this.receipt(new WithdrawVerdict().with({ context, caseId: id }));
  }
}
