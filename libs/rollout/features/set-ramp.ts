import { Body, Controller, Delete, HttpCode, Post, Put, Query } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreObjects, IfGiven, IsEntityId, IsInteger, IsReason, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { confirmStep, setRamp } from '../change-ramp.js';
import { endRamp, type RampStep } from '../ramp.js';
import { MOST_EXPOSURES, MOST_STAY_DAYS, MOST_STEPS, STEP_MODES } from '../ramp-events.js';
import { rolloutHandler } from './edited-rollout.js';

export class RampStepFields {
  @IsInteger('The rate of the step.', 1, MAX_PER_WEEK)
  perWeek!: number;

  @IsInteger('How many days the step before it, or the plan, has to be in force.', 0, MOST_STAY_DAYS)
  afterDays!: number;

  @IfGiven()
  @IsInteger('The least exposures that have to count in the stage, besides what the gate needs.', 0, MOST_EXPOSURES)
  exposures?: number;

  @Means('`automatic`: the step is made once the gate supports it; `confirmed`: an operator also has to confirm it.')
  @IsIn(STEP_MODES)
  mode!: RampStep['mode'];
}

export class SetRamp extends EditCommand {
  @AreObjects(RampStepFields, 1, MOST_STEPS, 'The steps, each above the one before it, the first above the rate.')
  steps!: RampStepFields[];

  @IsReason('Why.')
  reason!: string;
}

export class ConfirmStep extends EditCommand {
  @IsEntityId('The plan.')
  planId!: string;

  @IsInteger('The rate of its next step.', 1, MAX_PER_WEEK)
  perWeek!: number;
}

export class EndRamp extends EditCommand {
  declare readonly reason: string;
}

class EndRampQuery {
  @IsReason('Why.')
  reason!: string;
}

export const SetRampHandler = rolloutHandler(SetRamp, (state, { steps, reason }, asking) =>
  setRamp(state, { steps, reason }, asking),
);

export const ConfirmStepHandler = rolloutHandler(ConfirmStep, (state, { planId, perWeek }, asking) =>
  confirmStep(state, { planId, perWeek }, asking),
);

export const EndRampHandler = rolloutHandler(EndRamp, (state, { reason }) => endRamp(state, 'ended', reason));

@Controller('v1/rollout')
export class RampController extends CommandRoute {
  @Put('ramp')
  @Edits('/v1/rollout')
  @Roles('operator', 'administrator')
  @Operation('Sets the steps by which the rate rises while the gate supports it', {
    description:
      'A step is made only while the gate itself says `expand` by evidence of that moment, after its days and exposures. A step that one person may not make alone has to be `confirmed`. Any other change of the rate ends the plan.',
    example: { steps: [{ perWeek: 2000, afterDays: 7, mode: 'automatic' }], reason: 'as the board decided' },
    answer: receipt('The plan is in force.'),
    refusals: { 409: ['rate-not-set', 'confirmation-needed', 'approval-needed'] },
  })
  setRamp(@Body() ramp: SetRamp, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(ramp.with({ context, ifMatch }));
  }

  @Post('ramp/confirmations')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Confirms the next step of the ramp plan; it is made once the gate supports it', {
    example: { planId: 'ramp-1', perWeek: 2000 },
    answer: receipt('Confirmed.'),
    refusals: { 404: ['ramp-unknown'], 409: ['same-person'] },
  })
  confirmStep(@Body() step: ConfirmStep, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(step.with({ context, ifMatch }));
  }

  @Delete('ramp')
  @Edits('/v1/rollout')
  @Roles('operator', 'administrator')
  @Operation('Ends the ramp plan; the rate stays', { answer: receipt('No plan raises the rate.') })
  endRamp(@Query() { reason }: EndRampQuery, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(new EndRamp().with({ context, ifMatch, reason }));
  }
}
