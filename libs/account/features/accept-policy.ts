import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsName } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { policyStream } from '../../policy/index.js';
import { acceptPolicy, accountStream } from '../account-standing.js';

export class AcceptPolicy extends Command<CommandResult> {
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

  async execute({ accountId, version, context }: AcceptPolicy): Promise<CommandResult> {
    const published = foldRecorded(policyStream, await this.store.readStream(policyStream.category));
    return commandResult(
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
  ): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(new AcceptPolicy(id, version, context)));
  }
}
