import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { type Lifted, redeliverEnforcement } from '../acknowledging.js';
import { enforcementStream } from '../enforcement.js';
import { loadLifted } from '../queries/lifted.js';
import { type Targets, targetsStream } from '../targets.js';

export class RedeliverEnforcement extends RequestCommand {
  declare readonly id: string;

  @IsReason('The reason, for other operators.')
  reason!: string;
}

interface Given {
  targets: Targets;
  lifted: Lifted;
}

@CommandHandler(RedeliverEnforcement)
export class RedeliverEnforcementHandler implements ICommandHandler<RedeliverEnforcement> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ id, reason, context }: RedeliverEnforcement): Promise<CommandResult> {
    const result = await this.transactor.transact(
      enforcementStream,
      id,
      context,
      (state, { targets, lifted }: Given) => redeliverEnforcement(state, { id, reason }, targets, lifted),
      () => this.given(id),
    );
    return commandResult(result);
  }

  private async given(id: string): Promise<Given> {
    const [{ state: targets }, { state }] = await Promise.all([
      this.transactor.load(targetsStream, undefined),
      this.transactor.load(enforcementStream, id),
    ]);
    return { targets, lifted: await loadLifted(this.transactor, state, id, this.clock.now()) };
  }
}

@Controller('v1/enforcements')
export class RedeliverEnforcementController extends CommandRoute {
  @Post(':id/redelivery')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Asks the targets again that have not acknowledged an enforcement; changes nothing if all have', {
    description:
      'They see EnforcementRedelivered in the feed, with what they have to carry out. Those that would carry out only what was lifted or has ended are asked no more.',
    fields: { id: 'The case, or the id of a decision by hand.' },
    example: { reason: 'the session service was restored' },
    answer: receipt('Asked again.'),
    refusals: { 404: ['enforcement-unknown'] },
  })
  redeliverEnforcement(
    @Param() { id }: IdParam,
    @Body() redelivery: RedeliverEnforcement,
    @Context() context: Context,
  ) {
    return this.receipt(redelivery.with({ id, context }));
  }
}
