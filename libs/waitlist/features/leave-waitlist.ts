import { Controller, Delete, Param } from '@nestjs/common';
import { accountStream, leaveWaitlist } from '../../account/index.js';
import { CommandRoute, decisionHandler, RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsEntityId } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';

export class LeaveWaitlist extends RequestCommand {
  declare readonly accountId: string;
}

export const LeaveWaitlistHandler = decisionHandler(
  LeaveWaitlist,
  accountStream,
  (standing, { accountId }) => leaveWaitlist(standing, accountId),
  ({ accountId }) => accountId,
);

export class LeaveWaitlistParam {
  @IsEntityId('The account.')
  accountId!: string;
}

@Controller('v1/waitlist')
export class LeaveWaitlistController extends CommandRoute {
  @Delete(':accountId')
  @Roles('service', 'operator', 'administrator')
  @Operation('Removes an account from the waitlist; a repeat changes nothing', {
    answer: receipt('The account has left.'),
    refusals: { 404: ['account-unknown'], 409: ['already-onboarded'] },
  })
  leaveWaitlist(@Param() { accountId }: LeaveWaitlistParam, @Context() context: Context) {
    return this.receipt(new LeaveWaitlist().with({ accountId, context }));
  }
}
