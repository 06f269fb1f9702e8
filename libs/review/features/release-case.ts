import { Controller, Delete, Param, Query } from '@nestjs/common';
import { Type } from 'class-transformer';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { caseStream } from '../case.js';
import { releaseCase } from '../claim-decisions.js';
import { CASE_ID } from '../queries/case-fields.js';
import { REVIEWERS } from '../queries/reviewing-roles.js';
import { IsClaimToken } from './claim-answer.js';

export class ReleaseCase extends RequestCommand {
  declare readonly caseId: string;
  declare readonly token: number;
}

export class ReleaseQuery {
  @IsClaimToken()
  @Type(() => Number)
  token!: number;
}

export const ReleaseCaseHandler = decisionHandler(
  ReleaseCase,
  caseStream,
  (state, { caseId, token, context }) => releaseCase(state, { caseId, token, reviewer: context.actor.id }),
  ({ caseId }) => caseId,
);

@Controller('v1/cases')
export class ReleaseCaseController extends CommandRoute {
  @Delete(':id/claim')
  @Roles(...REVIEWERS)
  @Operation('Releases a case that the caller has claimed; a repeat changes nothing', {
    fields: { id: CASE_ID },
    answer: receipt('The case is released.'),
    refusals: { 404: ['case-unknown'] },
  })
  releaseCase(@Param() { id }: IdParam, @Query() { token }: ReleaseQuery, @Context() context: Context) {
    return this.receipt(new ReleaseCase().with({ context, caseId: id, token }));
  }
}
