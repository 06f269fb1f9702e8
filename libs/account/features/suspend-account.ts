import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsInstant, IsLabel } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { CLOCK } from '../../platform/ports.js';
import { accountStream, suspendAccount } from '../account-standing.js';

export class SuspendAccount extends Command<CommandResult> {
  constructor(
    readonly accountId: string,
    /** RFC 3339. */
    readonly until: string,
    readonly reason: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(SuspendAccount)
export class SuspendAccountHandler implements ICommandHandler<SuspendAccount> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ accountId, reason, context, ...asked }: SuspendAccount): Promise<CommandResult> {
    const until = toIso(Date.parse(asked.until));
    return commandResult(
      await this.transactor.transact(accountStream, accountId, context, (standing) =>
        suspendAccount(standing, { accountId, until, reason }, this.clock.now()),
      ),
    );
  }
}

export class SuspendAccountBody {
  /** The suspension ends then by itself. */
  @IsInstant()
  until!: string;

  @IsLabel()
  reason!: string;
}

@Controller('v1/accounts')
export class SuspendAccountController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Denies the account everything until a time; a later call moves that time. */
  @Post(':id/suspension')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  async suspend(
    @Param() { id }: IdParam,
    @Body() { until, reason }: SuspendAccountBody,
    @Context() context: CommandContext,
  ): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(new SuspendAccount(id, until, reason, context)));
  }
}
