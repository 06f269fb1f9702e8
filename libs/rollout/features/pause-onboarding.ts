import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { MinLength } from 'class-validator';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsLine } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { pauseOnboarding, rolloutStream } from '../rollout.js';

export class PauseOnboarding extends Command<CommandResult> {
  constructor(
    readonly reason: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(PauseOnboarding)
export class PauseOnboardingHandler implements ICommandHandler<PauseOnboarding> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ reason, context }: PauseOnboarding): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(rolloutStream, undefined, context, (state) => pauseOnboarding(state, reason)),
    );
  }
}

export class PauseOnboardingBody {
  /** For other operators. */
  @IsLine()
  @MinLength(1)
  reason!: string;
}

@Controller('v1/rollout')
export class PauseOnboardingController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Admits no cohort until onboarding is resumed; cohorts admitted before are still let in. */
  @Post('pause')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  async pause(@Body() { reason }: PauseOnboardingBody, @Context() context: CommandContext): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(new PauseOnboarding(reason, context)));
  }
}
