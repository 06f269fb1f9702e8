import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Effect, effectOf } from '../../event-store/effect.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import { IdParam, IsLabel } from '../../platform/http/field-rules.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { Roles } from '../../platform/security/route-access.js';
import { accountStream, reinstateAccount } from '../account-standing.js';

export class ReinstateAccount extends Command<Effect> {
  constructor(
    readonly accountId: string,
    readonly reason: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ReinstateAccount)
export class ReinstateAccountHandler implements ICommandHandler<ReinstateAccount> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ accountId, reason, context }: ReinstateAccount): Promise<Effect> {
    return effectOf(
      await this.transactor.transact(accountStream, accountId, context, (standing) =>
        reinstateAccount(standing, { accountId, reason }),
      ),
    );
  }
}

export class ReinstateAccountBody {
  @IsLabel()
  reason!: string;
}

@Controller('v1/accounts')
export class ReinstateAccountController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Takes a deactivation and a suspension back; the account stands where it stood before. */
  @Post(':id/reinstatement')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  async reinstate(
    @Param() { id }: IdParam,
    @Body() { reason }: ReinstateAccountBody,
    @Context() context: CommandContext,
  ): Promise<Written> {
    return written(await this.commands.execute(new ReinstateAccount(id, reason, context)));
  }
}
