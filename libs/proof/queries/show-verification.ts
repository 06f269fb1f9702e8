import { Controller, Get, Inject, Param } from '@nestjs/common';
import { Roles } from '../../http/credentials/route-access.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { NotFound } from '../../kernel/errors.js';
import { LogVerification, LogVerifications, verificationExample } from '../verification/verifications.js';

@Controller('v1/log-verifications')
export class ShowVerificationController {
  constructor(@Inject(LogVerifications) private readonly verifications: LogVerifications) {}

  @Get(':id')
  @Roles('compliance', 'administrator')
  @Operation('The progress and the result of a verification of the log', {
    fields: { id: 'The verification; only the process that runs it knows it.' },
    answer: answer('LogVerification', 'The verification.', LogVerification, verificationExample),
    refusals: { 404: ['verification-unknown'] },
  })
  showLogVerification(@Param('id') id: string): LogVerification {
    const found = this.verifications.find(id);
    if (found) return found;
    throw new NotFound(
      'verification-unknown',
      `there is no verification ${id.slice(0, 60)} in this process; it may have been restarted`,
    );
  }
}
