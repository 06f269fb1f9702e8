import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { acceptInvitation, invitedAccount } from '../../account/index.js';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsEntityId } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { OptionalBody } from '../../http/optional-body.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { rolloutStream } from '../rollout.js';

@OptionalBody()
export class AcceptInvitation extends RequestCommand {
  declare readonly accountId: string;

  @IfGiven()
  @IsEntityId(
    'The token of the link with which the person accepts. If it is given, it has to be that of the invitation.',
  )
  token?: string;
}

class AccountIdParam {
  @IsEntityId('The account.')
  accountId!: string;
}

/** Asks the rollout which batches are withdrawn: from that event on nobody accepts, before each account has the end of its invitation. */
@CommandHandler(AcceptInvitation)
export class AcceptInvitationHandler implements ICommandHandler<AcceptInvitation> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ accountId, token, context }: AcceptInvitation): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(
        invitedAccount,
        accountId,
        context,
        (account, withdrawn) =>
          acceptInvitation(account, { accountId, token }, this.clock.now(), (batchId) => withdrawn.has(batchId)),
        async () => (await this.transactor.load(rolloutStream, undefined)).state.held.withdrawn,
      ),
    );
  }
}

@Controller('v1/waitlist')
export class AcceptInvitationController extends CommandRoute {
  @Post(':accountId/invitation-acceptance')
  @HttpCode(200)
  @Roles('service', 'administrator')
  @Operation('Records that an invited person accepts; a repeat changes nothing', {
    description: 'A cohort onboards the account right after, or as soon as the rate in force allows it.',
    answer: receipt('Accepted.'),
    refusals: {
      404: ['account-unknown'],
      409: ['not-invited', 'invitation-expired', 'invitation-withdrawn', 'invitation-token-wrong'],
    },
  })
  acceptInvitation(
    @Param() { accountId }: AccountIdParam,
    @Body() command: AcceptInvitation,
    @Context() context: Context,
  ) {
    return this.receipt(command.with({ accountId, context }));
  }
}
