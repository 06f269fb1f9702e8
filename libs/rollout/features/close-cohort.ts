import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { orderClosing } from '../closing-cohort.js';
import { rolloutStream } from '../rollout.js';

export class CloseCohort extends RequestCommand {
  declare readonly cohortId: string;

  @IsReason('The reason, for other operators.')
  reason!: string;
}

export const CloseCohortHandler = decisionHandler(CloseCohort, rolloutStream, (state, { cohortId, reason }) =>
  orderClosing(state, cohortId, reason),
);

@Controller('v1/cohorts')
export class CloseCohortController extends CommandRoute {
  @Post(':id/closing')
  @HttpCode(202)
  @Roles('operator', 'administrator')
  @Operation('Closes a cohort with those who are in; changes nothing if its onboarding is complete', {
    description:
      'For a cohort whose people wait (`delayed` of `GET /v1/rollout`). Nobody else comes in with it. It counts with its whole size until the process that onboards has closed it; the people who were left out are in the line as before.',
    fields: { id: 'The cohort.' },
    example: { reason: 'it waits for people onboarded by a wrong clock' },
    answer: receipt('It is being closed.'),
    refusals: { 404: ['cohort-unknown'], 409: ['cohort-of-invitations'] },
  })
  closeCohort(@Param() { id }: IdParam, @Body() closing: CloseCohort, @Context() context: Context) {
    return this.receipt(closing.with({ cohortId: id, context }));
  }
}
