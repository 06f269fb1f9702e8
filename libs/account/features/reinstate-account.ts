import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsLabel } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { accountStream, reinstateAccount } from '../account-standing.js';

export class ReinstateAccount extends RequestCommand {
  declare readonly accountId: string;

  @IsLabel('Why, as a lower-case label, like `second-strike`.')
  reason!: string;
}

export const ReinstateAccountHandler = decisionHandler(
  ReinstateAccount,
  accountStream,
  (standing, { accountId, reason }) => reinstateAccount(standing, { accountId, reason }),
  ({ accountId }) => accountId,
);

@Controller('v1/accounts')
export class ReinstateAccountController extends CommandRoute {
  @Post(':id/reinstatement')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Reverses a deactivation and a suspension; the account returns to its earlier status', {
    fields: { id: 'The account.' },
    example: { reason: 'appeal-granted' },
    answer: receipt('Reinstated.'),
  })
  reinstateAccount(@Param() { id }: IdParam, @Body() reinstatement: ReinstateAccount, @Context() context: Context) {
    return this.receipt(reinstatement.with({ accountId: id, context }));
  }
}
