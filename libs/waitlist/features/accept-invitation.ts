import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { acceptInvitation, invitedAccount } from '../../account/index.js';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { OptionalBody } from '../../http/optional-body.js';
import { Context } from '../../http/request-context.js';
import { LeaveWaitlistParam } from './leave-waitlist.js';

@OptionalBody()
export class AcceptInvitation extends RequestCommand {
  declare readonly accountId: string;

  @IfGiven()
  @IsEntityId(
    'The token of the link with which the person accepts. If it is given, it has to be that of the invitation.',
  )
  token?: string;
}

export const AcceptInvitationHandler = decisionHandler(
  AcceptInvitation,
  invitedAccount,
  (account, { accountId, token }, now) => acceptInvitation(account, { accountId, token }, now),
  ({ accountId }) => accountId,
);

@Controller('v1/waitlist')
export class AcceptInvitationController extends CommandRoute {
  @Post(':accountId/invitation-acceptance')
  @HttpCode(200)
  @Roles('service', 'administrator')
  @Operation('Records that an invited person accepts; a repeat changes nothing', {
    description: 'A cohort onboards the account right after, or as soon as the rate in force allows it.',
    answer: receipt('Accepted.'),
    refusals: { 404: ['account-unknown'], 409: ['not-invited', 'invitation-expired', 'invitation-token-wrong'] },
  })
  acceptInvitation(
    @Param() { accountId }: LeaveWaitlistParam,
    @Body() command: AcceptInvitation,
    @Context() context: Context,
  ) {
    return this.receipt(command.with({ accountId, context }));
  }
}
