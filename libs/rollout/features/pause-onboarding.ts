import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { pauseOnboarding, rolloutStream } from '../rollout.js';
import { ROLLOUT } from './edited-rollout.js';

export class PauseOnboarding extends EditCommand {
  @IsReason('The reason, for other operators.')
  reason!: string;
}

export const PauseOnboardingHandler = editHandler(PauseOnboarding, rolloutStream, ROLLOUT, (state, { reason }) =>
  pauseOnboarding(state, reason),
);

@Controller('v1/rollout')
export class PauseOnboardingController extends CommandRoute {
  @Post('pause')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Admits no cohort until onboarding is resumed; cohorts admitted before are still onboarded', {
    example: { reason: 'reviewers are behind' },
    answer: receipt('Paused.'),
  })
  pauseOnboarding(@Body() pause: PauseOnboarding, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(pause.with({ context, ifMatch }));
  }
}
