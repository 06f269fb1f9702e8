import { Body, Controller, Headers, Inject, Put } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsFlag, IsInteger } from '../../http/field-rules.js';
import { IF_MATCH, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { rolloutStream, setRate } from '../rollout.js';

export class SetRate extends RequestCommand {
  declare readonly ifMatch: IfMatch;

  @IsInteger('Maximum people in any rolling seven days; 0 admits nobody.', 0, MAX_PER_WEEK)
  perWeek!: number;

  @IfGiven()
  @IsFlag('Whether a seventh of the rate is admitted automatically every day; unchanged if absent.')
  daily?: boolean;
}

export const SetRateHandler = decisionHandler(SetRate, rolloutStream, (state, { perWeek, daily, ifMatch }) => {
  const events = setRate(state, perWeek, daily ?? state.daily);
  // A repeated request finds the rate as wanted, and succeeds.
  if (events.length > 0) ifMatch.require(state.changedAt, 'the rollout');
  return events;
});

@Controller('v1/rollout')
export class SetRateController extends CommandRoute {
  constructor(
    @Inject(CommandBus) commands: CommandBus,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {
    super(commands);
  }

  @Put('rate')
  @Roles('operator', 'administrator')
  @Operation('Sets how many people may be onboarded in any rolling seven days', {
    headers: IF_MATCH,
    example: { perWeek: 1000 },
    answer: receipt('The rate is in force.'),
    refusals: { 412: ['changed-meanwhile'] },
  })
  setRate(@Body() rate: SetRate, @Headers('if-match') ifMatch: string | undefined, @Context() context: Context) {
    return this.receipt(rate.with({ context, ifMatch: new IfMatch(ifMatch, this.epoch.current) }));
  }
}
