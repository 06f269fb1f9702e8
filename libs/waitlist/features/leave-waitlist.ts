import { Controller, Delete, Inject, Param } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { accountStream, leaveWaitlist } from '../../account/index.js';
import { type Effect, effectOf } from '../../event-store/effect.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import { IsEntityId } from '../../platform/http/field-rules.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { Roles } from '../../platform/security/route-access.js';

export class LeaveWaitlist extends Command<Effect> {
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

  async execute({ accountId, context }: LeaveWaitlist): Promise<Effect> {
    return effectOf(
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
  async leave(@Param() { accountId }: LeaveWaitlistParam, @Context() context: CommandContext): Promise<Written> {
    return written(await this.commands.execute(new LeaveWaitlist(accountId, context)));
  }
}
