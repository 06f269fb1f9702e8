import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { resumeOnboarding, rolloutStream } from '../rollout.js';

export class ResumeOnboarding extends Command<CommandResult> {
  constructor(readonly context: CommandContext) {
    super();
  }
}

@CommandHandler(ResumeOnboarding)
export class ResumeOnboardingHandler implements ICommandHandler<ResumeOnboarding> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ context }: ResumeOnboarding): Promise<CommandResult> {
    return commandResult(await this.transactor.transact(rolloutStream, undefined, context, resumeOnboarding));
  }
}

@Controller('v1/rollout')
export class ResumeOnboardingController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Lets cohorts be admitted again. */
  @Post('resume')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  async resume(@Context() context: CommandContext): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(new ResumeOnboarding(context)));
  }
}
