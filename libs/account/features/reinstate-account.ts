import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsEntityId, IsLabel } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { reinstateAccount } from '../account-enforcement.js';
import { accountStream } from '../account-standing.js';
import { ACCOUNT } from './edited-account.js';

export class ReinstateAccount extends EditCommand {
  declare readonly accountId: string;

  @IsLabel('Why, as a lower-case label, like `second-strike`.')
  reason!: string;

  @IfGiven()
  @IsEntityId(
    'The case or the enforcement whose consequences are lifted, its strike too; everything that denies by default.',
  )
  cause?: string;
}

export const ReinstateAccountHandler = editHandler(
  ReinstateAccount,
  accountStream,
  ACCOUNT,
  (standing, { accountId, reason, cause }, now) => reinstateAccount(standing, { accountId, reason, cause }, now),
);

@Controller('v1/accounts')
export class ReinstateAccountController extends CommandRoute {
  @Post(':id/reinstatement')
  @Edits('/v1/accounts/:id')
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
  reinstateAccount(
    @Param() { id }: IdParam,
    @Body() reinstatement: ReinstateAccount,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(reinstatement.with({ accountId: id, ifMatch, context }));
  }
}
