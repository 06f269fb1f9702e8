import { Body, Controller, Post } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsName, IsReason } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Located } from '../../http/location.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { policyStream, withdrawPolicy } from '../policy.js';
import { POLICY } from './edited-policy.js';

export class WithdrawPolicy extends EditCommand {
  @IsName('The version.')
  version!: string;

  @IsReason('Why.')
  reason!: string;
}

export const WithdrawPolicyHandler = editHandler(
  WithdrawPolicy,
  policyStream,
  POLICY,
  (state, { version, reason }, now) => withdrawPolicy(state, { version, reason }, now),
);

@Controller('v1/policy')
export class WithdrawPolicyController extends CommandRoute {
  @Post('withdrawals')
  @Edits('/v1/policy')
  @Located('/v1/policy')
  @Roles('operator', 'administrator')
  @Operation('Withdraws a version of the content policy that was published by mistake, in force or not', {
    description:
      'The version in force before it is in force again, and who accepted that one has access at once. The only version in force can’t be withdrawn: publish another. A version before it can’t be withdrawn while a grace period lets its acceptance suffice; `from` says until when.',
    example: { version: '2022-05-81', reason: 'a typing error in the version' },
    answer: receipt('The version is withdrawn.'),
    refusals: { 404: ['policy-unknown'], 409: ['policy-needed', 'policy-counts'] },
  })
  withdrawPolicy(@Body() withdrawal: WithdrawPolicy, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(withdrawal.with({ context, ifMatch }));
  }
}
