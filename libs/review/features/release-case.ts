import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { caseStream } from '../case.js';
import { CASE_ID } from '../queries/case-fields.js';
import { releaseCase } from '../review-decisions.js';

export class ReleaseCase extends RequestCommand {
  declare readonly caseId: string;
}

export const ReleaseCaseHandler = decisionHandler(
  ReleaseCase,
  caseStream,
  (state, { caseId, context }) => releaseCase(state, { caseId, reviewer: context.actor.id }),
  ({ caseId }) => caseId,
);

@Controller('v1/cases')
export class ReleaseCaseController extends CommandRoute {
  @Post(':id/release')
  @HttpCode(200)
  @Roles('reviewer', 'administrator')
  @Operation('Releases a case that the caller has claimed', {
    fields: { id: CASE_ID },
    answer: receipt('The case is released.'),
    refusals: { 404: ['case-unknown'] },
  })
  releaseCase(@Param() { id }: IdParam, @Context() context: Context) {
    return this.receipt(new ReleaseCase().with({ context, caseId: id }));
  }
}
