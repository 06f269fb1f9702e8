import { Controller, Delete, Inject, Param } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { accountStream, leaveWaitlist } from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsEntityId } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { CommandContext } from '../../kernel/command-context.js';

export class LeaveWaitlist extends Command<CommandResult> {
  constructor(
    readonly accountId: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(LeaveWaitlist)
export class LeaveWaitlistHandler implements ICommandHandler<LeaveWaitlist> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ accountId, context }: LeaveWaitlist): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(accountStream, accountId, context, (standing) =>
        leaveWaitlist(standing, accountId),
      ),
    );
  }
}

export class LeaveWaitlistParam {
  @IsEntityId()
  accountId!: string;
}

@Controller('v1/waitlist')
export class LeaveWaitlistController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Gives a place on the waitlist up; doing it again changes nothing. */
  @Delete(':accountId')
  @Roles('service', 'operator', 'administrator')
  async leave(@Param() { accountId }: LeaveWaitlistParam, @Context() context: CommandContext): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(new LeaveWaitlist(accountId, context)));
  }
}
