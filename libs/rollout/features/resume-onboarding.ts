import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandRoute, EditCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInstant, IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { OptionalBody } from '../../http/optional-body.js';
import { Context } from '../../http/request-context.js';
import { changeRollout } from '../change-rollout.js';
import { rolloutHandler } from './edited-rollout.js';
import { EFFECTIVE_AT } from './set-rate.js';

@OptionalBody()
export class ResumeOnboarding extends EditCommand {
  @IfGiven()
  @IsReason('The reason, for other operators.')
  reason?: string;

  @IfGiven()
  @IsInstant(EFFECTIVE_AT)
  effectiveAt?: string;
}

export const ResumeOnboardingHandler = rolloutHandler(ResumeOnboarding, (state, { reason, effectiveAt }, asking) =>
  changeRollout(state, { does: 'resume', reason, effectiveAt }, asking),
);

@Controller('v1/rollout')
@OptionalBody()
export class ResumeOnboardingController extends CommandRoute {
  @Post('resume')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Resumes the admission of cohorts', {
    answer: receipt('Onboarding is resumed, or that is planned.'),
    refusals: { 409: ['too-many-planned'] },
  })
  resumeOnboarding(@Body() resume: ResumeOnboarding, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(resume.with({ context, ifMatch }));
  }
}
