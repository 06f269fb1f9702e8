import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { RESTRICTED_ACTIONS, type RestrictedAction } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsInstant, IsLabel, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { restrictAccount } from '../account-enforcement.js';
import { accountStream } from '../account-standing.js';
import { ACCOUNT } from './edited-account.js';

export class RestrictAccount extends EditCommand {
  declare readonly accountId: string;

  @Means('The action that is denied.')
  @IsIn(RESTRICTED_ACTIONS)
  action!: RestrictedAction;

  @IsInstant('When the restriction ends (RFC 3339).')
  until!: string;

  @IsLabel('Why, as a lower-case label, like `second-strike`.')
  reason!: string;
}

export const RestrictAccountHandler = editHandler(
  RestrictAccount,
  accountStream,
  ACCOUNT,
  (standing, { accountId, action, until, reason }, now, enforcementId) =>
    restrictAccount(standing, { accountId, action, until, reason, enforcementId }, now),
);

@Controller('v1/accounts')
export class RestrictAccountController extends CommandRoute {
  @Post(':id/restriction')
  @Edits('/v1/accounts/:id')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Denies the account one action until a given time; a later call changes that time', {
    description: 'Lift it earlier by a reinstatement whose `cause` is its enforcement.',
    fields: { id: 'The account.' },
    example: { action: 'share', until: '2032-06-01T00:00:00Z', reason: 'spam' },
    answer: receipt('Restricted.'),
    refusals: { 404: ['account-unknown'], 409: ['account-deactivated', 'suspension-over'] },
  })
  restrictAccount(
    @Param() { id }: IdParam,
    @Body() restriction: RestrictAccount,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(restriction.with({ accountId: id, ifMatch, context }));
  }
}
