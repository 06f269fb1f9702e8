import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { MinLength } from 'class-validator';
import { type Effect, effectOf } from '../../event-store/effect.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import { IsLine } from '../../platform/http/field-rules.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { Roles } from '../../platform/security/route-access.js';
import { pauseOnboarding, rolloutStream } from '../rollout.js';

export class PauseOnboarding extends Command<Effect> {
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

  async execute({ reason, context }: PauseOnboarding): Promise<Effect> {
    return effectOf(
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
  async pause(@Body() { reason }: PauseOnboardingBody, @Context() context: CommandContext): Promise<Written> {
    return written(await this.commands.execute(new PauseOnboarding(reason, context)));
  }
}
