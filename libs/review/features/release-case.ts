import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Effect, effectOf } from '../../event-store/effect.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import { IdParam } from '../../platform/http/field-rules.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { Roles } from '../../platform/security/route-access.js';
import { caseStream } from '../case.js';
import { releaseCase } from '../review-decisions.js';

export class ReleaseCase extends Command<Effect> {
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

  async execute({ caseId, reviewer, context }: ReleaseCase): Promise<Effect> {
    return effectOf(
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
  async release(@Param() { id }: IdParam, @Context() context: CommandContext): Promise<Written> {
    return written(await this.commands.execute(new ReleaseCase(id, context.actor.id, context)));
  }
}
