import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { caseStream } from '../case.js';
import { releaseCase } from '../review-decisions.js';

export class ReleaseCase extends Command<CommandResult> {
  constructor(
    readonly caseId: string,
    readonly reviewer: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ReleaseCase)
export class ReleaseCaseHandler implements ICommandHandler<ReleaseCase> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ caseId, reviewer, context }: ReleaseCase): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(caseStream, caseId, context, (state) => releaseCase(state, { caseId, reviewer })),
    );
  }
}

@Controller('v1/cases')
export class ReleaseCaseController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Gives a case back that whoever asks had claimed. */
  @Post(':id/release')
  @HttpCode(200)
  @Roles('reviewer', 'administrator')
  async release(@Param() { id }: IdParam, @Context() context: CommandContext): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(new ReleaseCase(id, context.actor.id, context)));
  }
}
