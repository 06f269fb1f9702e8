import { Body, Controller, Put } from '@nestjs/common';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsFlag, IsInstant, IsInteger, IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { changeRollout } from '../change-rollout.js';
import { rolloutHandler } from './edited-rollout.js';

export const EFFECTIVE_AT = 'When it takes effect, by the clock of the database; at once if absent.';

export class SetRate extends EditCommand {
  @IsInteger('Maximum people in any rolling seven days; 0 admits nobody.', 0, MAX_PER_WEEK)
  perWeek!: number;

  @IfGiven()
  @IsFlag('Whether a seventh of the rate is admitted automatically every day; unchanged if absent.')
  daily?: boolean;

  @IfGiven()
  @IsReason('Why, for other operators. Only the first rate needs none.')
  reason?: string;

  @IfGiven()
  @IsInteger('The rate once more, to confirm a raise by more than the factor of the settings.', 0, MAX_PER_WEEK)
  confirm?: number;

  @IfGiven()
  @IsInstant(EFFECTIVE_AT)
  effectiveAt?: string;
}

export const SetRateHandler = rolloutHandler(
  SetRate,
  (state, { perWeek, daily, reason, confirm, effectiveAt }, asking) =>
    changeRollout(state, { does: 'set-rate', perWeek, daily, reason, confirm, effectiveAt }, asking),
);

@Controller('v1/rollout')
export class SetRateController extends CommandRoute {
  @Put('rate')
  @Edits('/v1/rollout')
  @Roles('operator', 'administrator')
  @Operation('Sets how many people may be onboarded in any rolling seven days, at once or at a time', {
    description:
      'A raise to more than GATEHOUSE_RATE_CONFIRM_PERCENT of the rate has to be confirmed; one to more than GATEHOUSE_RATE_PER_WEEK_ALONE has to be proposed (`POST /v1/rollout/proposals`) and approved by another person. A planned change takes effect by the clock of the database.',
    example: { perWeek: 1000, reason: 'reviewers have time' },
    answer: receipt('The rate is in force, or planned.'),
    refusals: { 409: ['confirmation-needed', 'approval-needed', 'too-many-planned'] },
  })
  setRate(@Body() rate: SetRate, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(rate.with({ context, ifMatch }));
  }
}
