import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInstant, IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { changeRollout } from '../change-rollout.js';
import { rolloutHandler } from './edited-rollout.js';
import { EFFECTIVE_AT } from './set-rate.js';

export class PauseOnboarding extends EditCommand {
  @IsReason('The reason, for other operators.')
  reason!: string;

  @IfGiven()
  @IsInstant(EFFECTIVE_AT)
  effectiveAt?: string;
}

export const PauseOnboardingHandler = rolloutHandler(PauseOnboarding, (state, { reason, effectiveAt }, asking) =>
  changeRollout(state, { does: 'pause', reason, effectiveAt }, asking),
);

@Controller('v1/rollout')
export class PauseOnboardingController extends CommandRoute {
  @Post('pause')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Admits no cohort until onboarding is resumed; cohorts admitted before are still onboarded', {
    example: { reason: 'reviewers are behind' },
    answer: receipt('Paused, or planned.'),
    refusals: { 409: ['too-many-planned'] },
  })
  pauseOnboarding(@Body() pause: PauseOnboarding, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(pause.with({ context, ifMatch }));
  }
}
