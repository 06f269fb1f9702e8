import { createHash } from 'node:crypto';
import { Body, Controller, Post } from '@nestjs/common';
import { IsString, IsUrl, MaxLength, MinLength } from 'class-validator';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsName, Means } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { PolicyEvent } from '../events.js';
import { policyStream, publishPolicy } from '../policy.js';

export class PublishPolicy extends RequestCommand {
  @IsName('The version that people see.')
  version!: string;

  @Means('The address of its text.')
  @IfGiven()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false, allow_underscores: true })
  @MaxLength(2000)
  url?: string;

  @Means('Its text. Only its SHA-256 is stored; it proves later what was accepted.')
  @IfGiven()
  @IsString()
  @MinLength(1)
  @MaxLength(500_000)
  text?: string;
}

export const PublishPolicyHandler = decisionHandler(PublishPolicy, policyStream, (state, command) =>
  publishPolicy(state, policyOf(command)),
);

const policyOf = ({ version, url, text }: PublishPolicy): PolicyEvent['data'] => ({
  version,
  ...(url === undefined ? {} : { url: new URL(url).href }),
  ...(text === undefined ? {} : { digest: `sha256:${createHash('sha256').update(text).digest('hex')}` }),
});

@Controller('v1/policy')
export class PublishPolicyController extends CommandRoute {
  @Post()
  @Roles('operator', 'administrator')
  @Operation('Publishes a version of the content policy; from then on access requires its acceptance', {
    example: { version: '2022-05-18', url: 'https://example.org/policy/2022-05-18' },
    answer: receipt('The version is in force.'),
    refusals: { 409: ['policy-superseded'] },
  })
  publishPolicy(@Body() policy: PublishPolicy, @Context() context: Context) {
    return this.receipt(policy.with({ context }));
  }
}
