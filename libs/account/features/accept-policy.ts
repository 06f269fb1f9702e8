import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Effect, effectOf } from '../../event-store/effect.js';
import type { EventStore } from '../../event-store/event-store.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import { fold } from '../../kernel/decider.js';
import { IdParam, IsName } from '../../platform/http/field-rules.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { Roles } from '../../platform/security/route-access.js';
import { type PolicyEvent, policyStream } from '../../policy/index.js';
import { acceptPolicy, accountStream } from '../account-standing.js';

export class AcceptPolicy extends Command<Effect> {
  constructor(
    readonly accountId: string,
    readonly version: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(AcceptPolicy)
export class AcceptPolicyHandler implements ICommandHandler<AcceptPolicy> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ accountId, version, context }: AcceptPolicy): Promise<Effect> {
    const policies = await this.store.readStream(policyStream.category);
    const published = fold(policyStream, policies as unknown as PolicyEvent[]);
    return effectOf(
      await this.transactor.transact(accountStream, accountId, context, (standing) =>
        acceptPolicy(standing, { accountId, version }, published),
      ),
    );
  }
}

export class AcceptPolicyBody {
  /** The version in force. */
  @IsName()
  version!: string;
}

@Controller('v1/accounts')
export class AcceptPolicyController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** The holder of the account accepts the content policy in force. */
  @Post(':id/policy-acceptance')
  @HttpCode(200)
  @Roles('service', 'administrator')
  async accept(
    @Param() { id }: IdParam,
    @Body() { version }: AcceptPolicyBody,
    @Context() context: CommandContext,
  ): Promise<Written> {
    return written(await this.commands.execute(new AcceptPolicy(id, version, context)));
  }
}
