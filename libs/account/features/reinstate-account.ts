import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsLabel } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { accountStream, reinstateAccount } from '../account-standing.js';

export class ReinstateAccount extends Command<CommandResult> {
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

  async execute({ accountId, reason, context }: ReinstateAccount): Promise<CommandResult> {
    return commandResult(
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
  ): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(new ReinstateAccount(id, reason, context)));
  }
}
