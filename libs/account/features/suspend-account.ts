import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsInstant, IsLabel } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { suspendAccount } from '../account-enforcement.js';
import { accountStream } from '../account-standing.js';

export class SuspendAccount extends RequestCommand {
  declare readonly accountId: string;

  @IsInstant('When the suspension ends (RFC 3339).')
  until!: string;

  @IsLabel('Why, as a lower-case label, like `second-strike`.')
  reason!: string;
}

export const SuspendAccountHandler = decisionHandler(
  SuspendAccount,
  accountStream,
  (standing, { accountId, until, reason }, now, enforcementId) =>
    suspendAccount(standing, { accountId, until, reason, enforcementId }, now),
  ({ accountId }) => accountId,
);

@Controller('v1/accounts')
export class SuspendAccountController extends CommandRoute {
  @Post(':id/suspension')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Denies the account everything until a given time; a later call changes that time', {
    fields: { id: 'The account.' },
    example: { until: '2032-06-01T00:00:00Z', reason: 'second-strike' },
    answer: receipt('Suspended.'),
    refusals: { 404: ['account-unknown'], 409: ['account-deactivated', 'suspension-over'] },
  })
  suspendAccount(@Param() { id }: IdParam, @Body() suspension: SuspendAccount, @Context() context: Context) {
    return this.receipt(suspension.with({ accountId: id, context }));
  }
}
