import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsName } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { acceptPolicy, accountStream } from '../account-standing.js';
import { publishedPolicies } from '../queries/published-policies.js';

export class AcceptPolicy extends RequestCommand {
  declare readonly accountId: string;

  @IsName('The version in force, or one that comes into force later.')
  version!: string;
}

@CommandHandler(AcceptPolicy)
export class AcceptPolicyHandler implements ICommandHandler<AcceptPolicy> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ accountId, version, context }: AcceptPolicy): Promise<CommandResult> {
    const result = await this.transactor.transact(
      accountStream,
      accountId,
      context,
      (standing, published) => acceptPolicy(standing, { accountId, version }, published),
      () => publishedPolicies(this.transactor, this.clock.now()),
    );
    return commandResult(result);
  }
}

@Controller('v1/accounts')
export class AcceptPolicyController extends CommandRoute {
  @Post(':id/policy-acceptance')
  @HttpCode(200)
  @Roles('service', 'administrator')
  @Operation('Records that the account’s holder accepts the content policy in force, or one to come', {
    fields: { id: 'The account.' },
    example: { version: '2022-05-18' },
    answer: receipt('Accepted.'),
    refusals: {
      404: ['account-unknown', 'policy-unknown'],
      409: ['account-deactivated', 'policy-outdated', 'policy-withdrawn', 'policy-unreadable'],
    },
  })
  acceptPolicy(@Param() { id }: IdParam, @Body() acceptance: AcceptPolicy, @Context() context: Context) {
    return this.receipt(acceptance.with({ accountId: id, context }));
  }
}
