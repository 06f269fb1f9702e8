import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { type Load, Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsEntityId, IsReason } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { type Appeal, appealStream } from '../appeal.js';
import { APPEAL_CONFLICTS } from '../conflict.js';
import { handOverAppeal } from '../hearing.js';
import { APPEAL_ID, HEARERS, isLead } from '../queries/appeal-fields.js';
import { AppealFactsReader } from './appeal-facts.js';
import { IsAppealToken } from './claim-appeal.js';

export class HandOverAppeal extends RequestCommand {
  @IsEntityId('Who is to hear it.')
  reviewer!: string;

  @IfGiven()
  @IsAppealToken()
  token?: number;

  @IfGiven()
  @IsReason('Why. No personal data.')
  reason?: string;

  declare readonly appealId: string;
}

@CommandHandler(HandOverAppeal)
export class HandOverAppealHandler implements ICommandHandler<HandOverAppeal> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(AppealFactsReader) private readonly facts: AppealFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ appealId, reviewer: to, token, reason, context }: HandOverAppeal): Promise<CommandResult> {
    const handOver = { appealId, by: context.actor.id, isLead: isLead(context.actor), token, to, reason };
    return commandResult(
      await this.transactor.transact(
        appealStream,
        appealId,
        context,
        (state, facts) => handOverAppeal(state, { ...handOver, now: this.clock.now() }, facts),
        (load: Load<Appeal>) => this.facts.forHandOver(appealId, to, load),
      ),
    );
  }
}

@Controller('v1/appeals')
export class HandOverAppealController extends CommandRoute {
  @Post(':id/handover')
  @HttpCode(200)
  @Roles(...HEARERS)
  @Operation('Hands an appeal over to a person who is to hear it', {
    description:
      'It ends the claim. For a day nobody but that person can claim the appeal, and POST /v1/appeals/next gives it to them first. Reviewers need the token of their claim; leads can hand over any open appeal without one. A repeat changes nothing.',
    fields: { id: APPEAL_ID },
    example: { reviewer: 'rev-2', reason: 'reads Welsh' },
    answer: receipt('The appeal is handed over.'),
    refusals: {
      404: ['appeal-unknown', 'hearer-unknown'],
      409: ['appeal-decided', 'claim-lost', ...APPEAL_CONFLICTS, 'case-parked', 'image-parked'],
      503: ['not-caught-up'],
    },
  })
  handOverAppeal(@Param() { id }: IdParam, @Body() handOver: HandOverAppeal, @Context() context: Context) {
    return this.receipt(handOver.with({ context, appealId: id }));
  }
}
