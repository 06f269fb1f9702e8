import { createHash } from 'node:crypto';
import { Body, Controller, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsString, IsUrl, MaxLength, MinLength } from 'class-validator';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsName } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { PolicyEvent } from '../events.js';
import { policyStream, publishPolicy } from '../policy.js';

export class PublishPolicy extends Command<CommandResult> {
  constructor(
    readonly policy: PolicyEvent['data'],
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(PublishPolicy)
export class PublishPolicyHandler implements ICommandHandler<PublishPolicy> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute({ policy, context }: PublishPolicy): Promise<CommandResult> {
    return commandResult(
      await this.transactor.transact(policyStream, undefined, context, (state) => publishPolicy(state, policy)),
    );
  }
}

export class PublishPolicyBody {
  @IsName()
  version!: string;

  /** Where it can be read. */
  @IfGiven()
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false, allow_underscores: true })
  @MaxLength(2000)
  url?: string;

  /** Its text; kept is the SHA-256 of it, which proves later what was accepted. */
  @IfGiven()
  @IsString()
  @MinLength(1)
  @MaxLength(500_000)
  text?: string;
}

@Controller('v1/policy')
export class PublishPolicyController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Puts a version of the content policy into force; from then on access needs its acceptance. */
  @Post()
  @Roles('operator', 'administrator')
  async publish(
    @Body() { version, url, text }: PublishPolicyBody,
    @Context() context: CommandContext,
  ): Promise<WriteReceipt> {
    const digest = text === undefined ? {} : { digest: `sha256:${createHash('sha256').update(text).digest('hex')}` };
    const policy = { version, ...(url === undefined ? {} : { url: new URL(url).href }), ...digest };
    return writeReceipt(await this.commands.execute(new PublishPolicy(policy, context)));
  }
}
