import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Effect, effectOf } from '../../event-store/effect.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { Roles } from '../../platform/security/route-access.js';
import { resumeOnboarding, rolloutStream } from '../rollout.js';

export class ResumeOnboarding extends Command<Effect> {
  constructor(readonly context: CommandContext) {
    super();
  }
}

@CommandHandler(ResumeOnboarding)
export class ResumeOnboardingHandler implements ICommandHandler<ResumeOnboarding> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ context }: ResumeOnboarding): Promise<Effect> {
    return effectOf(await this.transactor.transact(rolloutStream, undefined, context, resumeOnboarding));
  }
}

@Controller('v1/rollout')
export class ResumeOnboardingController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Lets cohorts be admitted again. */
  @Post('resume')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  async resume(@Context() context: CommandContext): Promise<Written> {
    return written(await this.commands.execute(new ResumeOnboarding(context)));
  }
}
