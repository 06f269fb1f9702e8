import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ArrayMaxSize, ArrayUnique, IsArray } from 'class-validator';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import type { DataOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreLabels, IdParam, IfGiven, IsLabel } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { accountStream, deactivateAccount } from '../account-standing.js';
import { AccountDeactivated } from '../events.js';

type Deactivation = DataOf<typeof AccountDeactivated>;

export class DeactivateAccount extends Command<CommandResult> {
  constructor(
    readonly deactivation: Deactivation,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(DeactivateAccount)
export class DeactivateAccountHandler implements ICommandHandler<DeactivateAccount> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ deactivation, context }: DeactivateAccount): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(accountStream, deactivation.accountId, context, (standing) =>
        deactivateAccount(standing, deactivation),
      ),
    );
  }
}

/** An AccountDeactivated of another system. */
export const deactivateAccountInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: AccountDeactivated,
    key: ({ accountId }) => `account:${accountId}`,
    handle: (data, context) => commands.execute(new DeactivateAccount(data, context)),
  });

export class DeactivateAccountBody {
  @IsLabel()
  reason!: string;

  /** What was found. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(20)
  @ArrayUnique()
  @AreLabels()
  categories?: string[];
}

@Controller('v1/accounts')
export class DeactivateAccountController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Takes the account its access, until it is reinstated; works for an account that is not known yet, too. */
  @Post(':id/deactivation')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  async deactivate(
    @Param() { id }: IdParam,
    @Body() { reason, categories = [] }: DeactivateAccountBody,
    @Context() context: CommandContext,
  ): Promise<WriteReceipt> {
    return writeReceipt(
      await this.commands.execute(new DeactivateAccount({ accountId: id, reason, categories }, context)),
    );
  }
}
