import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsInstant, IsPersonalText } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { caseStream } from '../case.js';
import { holdCase, MAX_HOLD_DAYS } from '../claim-decisions.js';
import { CASE_ID } from '../queries/case-fields.js';
import { REVIEWERS } from '../queries/reviewing-roles.js';
import { IsClaimToken } from './claim-answer.js';

export class HoldCase extends RequestCommand {
  @IsClaimToken()
  token!: number;

  @IsInstant(`When to be reminded, at most ${MAX_HOLD_DAYS} days from now. Until then nobody else can claim the case.`)
  until!: string;

  @IfGiven()
  @IsPersonalText(2000, 'Why. Stored encrypted under a key of the reviewer.')
  note?: string;

  declare readonly caseId: string;
}

export const HoldCaseHandler = decisionHandler(
  HoldCase,
  caseStream,
  (state, { caseId, token, until, note, context }, now) =>
    holdCase(state, {
      caseId,
      token,
      reviewer: context.actor.id,
      until: Date.parse(until),
      now,
      ...(note !== undefined && { note }),
    }),
  ({ caseId }) => caseId,
);

@Controller('v1/cases')
export class HoldCaseController extends CommandRoute {
  @Post(':id/hold')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Sets a claimed case aside until a given time', {
    description:
      'It ends the claim. The caller can claim the case again at any time, everybody after that time. For an hour after it, queues give the case to the caller only, and GET /v1/cases?mine=true lists it with `dueAgainFor`.',
    fields: { id: CASE_ID },
    example: { token: 1, until: '2022-05-20T10:00:00Z', note: 'asked the policy team' },
    answer: receipt('The case is held.'),
    refusals: { 404: ['case-unknown'], 409: ['claim-lost'] },
  })
  holdCase(@Param() { id }: IdParam, @Body() hold: HoldCase, @Context() context: Context) {
    return this.receipt(hold.with({ context, caseId: id }));
  }
}
