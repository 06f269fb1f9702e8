import { Body, Controller, Put } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsFlag, IsInteger } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { rolloutStream, setRate } from '../rollout.js';
import { ROLLOUT } from './edited-rollout.js';

export class SetRate extends EditCommand {
  @IsInteger('Maximum people in any rolling seven days; 0 admits nobody.', 0, MAX_PER_WEEK)
  perWeek!: number;

  @IfGiven()
  @IsFlag('Whether a seventh of the rate is admitted automatically every day; unchanged if absent.')
  daily?: boolean;
}

export const SetRateHandler = editHandler(SetRate, rolloutStream, ROLLOUT, (state, { perWeek, daily }) =>
  setRate(state, perWeek, daily ?? state.daily),
);

@Controller('v1/rollout')
export class SetRateController extends CommandRoute {
  @Put('rate')
  @Edits('/v1/rollout')
  @Roles('operator', 'administrator')
  @Operation('Sets how many people may be onboarded in any rolling seven days', {
    example: { perWeek: 1000 },
    answer: receipt('The rate is in force.'),
  })
  setRate(@Body() rate: SetRate, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(rate.with({ context, ifMatch }));
  }
}
