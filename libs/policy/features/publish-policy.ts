import { createHash } from 'node:crypto';
import { Body, Controller, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsString, IsUrl, MaxLength, MinLength } from 'class-validator';
import { type Effect, effectOf } from '../../event-store/effect.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import { IfGiven, IsName } from '../../platform/http/field-rules.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { Roles } from '../../platform/security/route-access.js';
import type { PolicyEvent } from '../events.js';
import { policyStream, publishPolicy } from '../policy.js';

export class PublishPolicy extends Command<Effect> {
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

  async execute({ policy, context }: PublishPolicy): Promise<Effect> {
    return effectOf(
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
  ): Promise<Written> {
    const digest = text === undefined ? {} : { digest: `sha256:${createHash('sha256').update(text).digest('hex')}` };
    const policy = { version, ...(url === undefined ? {} : { url: new URL(url).href }), ...digest };
    return written(await this.commands.execute(new PublishPolicy(policy, context)));
  }
}
