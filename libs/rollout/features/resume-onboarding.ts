import { Controller, HttpCode, Post } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { resumeOnboarding, rolloutStream } from '../rollout.js';
import { ROLLOUT } from './edited-rollout.js';

export class ResumeOnboarding extends EditCommand {}

export const ResumeOnboardingHandler = editHandler(ResumeOnboarding, rolloutStream, ROLLOUT, resumeOnboarding);

@Controller('v1/rollout')
export class ResumeOnboardingController extends CommandRoute {
  @Post('resume')
  @Edits('/v1/rollout')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Resumes the admission of cohorts', { answer: receipt('Onboarding is resumed.') })
  resumeOnboarding(@Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(new ResumeOnboarding().with({ context, ifMatch }));
  }
}
