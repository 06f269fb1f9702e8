import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsEntityId, IsLabel } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { reinstateAccount } from '../account-enforcement.js';
import { accountStream } from '../account-standing.js';

export class ReinstateAccount extends RequestCommand {
  declare readonly accountId: string;

  @IsLabel('Why, as a lower-case label, like `second-strike`.')
  reason!: string;

  @IfGiven()
  @IsEntityId(
    'The case or the enforcement whose consequences are lifted, its strike too; everything that denies by default.',
  )
  cause?: string;
}

export const ReinstateAccountHandler = decisionHandler(
  ReinstateAccount,
  accountStream,
  (standing, { accountId, reason, cause }, now) => reinstateAccount(standing, { accountId, reason, cause }, now),
  ({ accountId }) => accountId,
);

@Controller('v1/accounts')
export class ReinstateAccountController extends CommandRoute {
  @Post(':id/reinstatement')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Reverses deactivations, suspensions and restrictions; the account returns to its earlier status', {
    description:
      'With a `cause`, only what that case or enforcement has led to: of two deactivations the other is still in force. Without one, strikes remain.',
    fields: { id: 'The account.' },
    example: { reason: 'appeal-granted', cause: 'img-1' },
    answer: receipt('Reinstated.'),
    refusals: { 409: ['account-unreadable'] },
  })
  reinstateAccount(@Param() { id }: IdParam, @Body() reinstatement: ReinstateAccount, @Context() context: Context) {
    return this.receipt(reinstatement.with({ accountId: id, context }));
  }
}
