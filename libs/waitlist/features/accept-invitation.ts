import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { acceptInvitation, invitedAccount } from '../../account/index.js';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { LeaveWaitlistParam } from './leave-waitlist.js';

export class AcceptInvitation extends RequestCommand {
  declare readonly accountId: string;
}

export const AcceptInvitationHandler = decisionHandler(
  AcceptInvitation,
  invitedAccount,
  (account, { accountId }, now) => acceptInvitation(account, accountId, now),
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
    refusals: { 404: ['account-unknown'], 409: ['not-invited', 'invitation-expired'] },
  })
  acceptInvitation(@Param() { accountId }: LeaveWaitlistParam, @Context() context: Context) {
    return this.receipt(new AcceptInvitation().with({ accountId, context }));
  }
}
