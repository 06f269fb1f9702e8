import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsInstant, IsLabel } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { suspendAccount } from '../account-enforcement.js';
import { accountStream } from '../account-standing.js';
import { ACCOUNT } from './edited-account.js';

export class SuspendAccount extends EditCommand {
  declare readonly accountId: string;

  @IsInstant('When the suspension ends (RFC 3339).')
  until!: string;

  @IsLabel('Why, as a lower-case label, like `second-strike`.')
  reason!: string;
}

export const SuspendAccountHandler = editHandler(
  SuspendAccount,
  accountStream,
  ACCOUNT,
  (standing, { accountId, until, reason }, now, enforcementId) =>
    suspendAccount(standing, { accountId, until, reason, enforcementId }, now),
);

@Controller('v1/accounts')
export class SuspendAccountController extends CommandRoute {
  @Post(':id/suspension')
  @Edits('/v1/accounts/:id')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Denies the account everything until a given time; a later call changes that time', {
    fields: { id: 'The account.' },
    example: { until: '2032-06-01T00:00:00Z', reason: 'second-strike' },
    answer: receipt('Suspended.'),
    refusals: { 404: ['account-unknown'], 409: ['account-deactivated', 'suspension-over'] },
  })
  suspendAccount(
    @Param() { id }: IdParam,
    @Body() suspension: SuspendAccount,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(suspension.with({ accountId: id, ifMatch, context }));
  }
}
