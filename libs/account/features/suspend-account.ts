import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Effect, effectOf } from '../../event-store/effect.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { IdParam, IsInstant, IsLabel } from '../../platform/http/field-rules.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { CLOCK } from '../../platform/ports.js';
import { Roles } from '../../platform/security/route-access.js';
import { accountStream, suspendAccount } from '../account-standing.js';

export class SuspendAccount extends Command<Effect> {
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

  async execute({ accountId, reason, context, ...asked }: SuspendAccount): Promise<Effect> {
    const until = toIso(Date.parse(asked.until));
    return effectOf(
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
  ): Promise<Written> {
    return written(await this.commands.execute(new SuspendAccount(id, until, reason, context)));
  }
}
