import { Controller, HttpCode, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { resumeOnboarding, rolloutStream } from '../rollout.js';

export class ResumeOnboarding extends RequestCommand {}

export const ResumeOnboardingHandler = decisionHandler(ResumeOnboarding, rolloutStream, resumeOnboarding);

@Controller('v1/rollout')
export class ResumeOnboardingController extends CommandRoute {
  @Post('resume')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Resumes the admission of cohorts', { answer: receipt('Onboarding is resumed.') })
  resumeOnboarding(@Context() context: Context) {
    return this.receipt(new ResumeOnboarding().with({ context }));
  }
}
