import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ArrayMaxSize, IsArray, IsBoolean, IsString, MaxLength } from 'class-validator';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, Means } from '../../http/field-rules.js';
import { Located } from '../../http/location.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { LogVerification, LogVerifications, verificationExample } from '../verification/verifications.js';

const MAX_KEYS = 20;
const MAX_KEY_LENGTH = 500;

export class VerificationBody {
  @IfGiven()
  @IsBoolean()
  @Means('Whether to begin with the first event; by default where the last verification ended.')
  full?: boolean;

  @IfGiven()
  @IsArray()
  @ArrayMaxSize(MAX_KEYS)
  @IsString({ each: true })
  @MaxLength(MAX_KEY_LENGTH, { each: true })
  @Means('The only keys whose signatures count, as `name+hash+key`; by default those that this server knows.')
  keys?: string[];
}

@Controller('v1/log-verifications')
export class StartVerificationController {
  constructor(@Inject(LogVerifications) private readonly verifications: LogVerifications) {}

  @Post()
  @HttpCode(202)
  @Located('/v1/log-verifications/{id}')
  @Roles('compliance', 'administrator')
  @Operation('Compares the stored events with the log of leaves and its signed checkpoints', {
    example: { full: true },
    answer: answer(
      'LogVerification',
      'The verification, which runs in this process.',
      LogVerification,
      verificationExample,
    ),
    refusals: { 503: ['too-many-jobs'] },
  })
  verifyLog(@Body() { full = false, keys = [] }: VerificationBody): Promise<LogVerification> {
    return this.verifications.verify(full, keys);
  }
}
