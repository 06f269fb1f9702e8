import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { type Load, Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsLabel, IsReason, Means } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { type Appeal, appealStream, OUTCOMES, type Outcome } from '../appeal.js';
import { APPEAL_CONFLICTS } from '../conflict.js';
import { decideAppeal } from '../hearing.js';
import { APPEAL_ID, HEARERS } from '../queries/appeal-fields.js';
import { AppealFactsReader } from './appeal-facts.js';
import { IsAppealToken } from './claim-appeal.js';

export class DecideAppeal extends RequestCommand {
  declare readonly appealId: string;

  @IsIn(OUTCOMES)
  @Means('The outcome. `partly-granted`: the image violates another clause.')
  outcome!: Outcome;

  @IfGiven()
  @IsLabel('The clause of the content policy that was violated; needed for `partly-granted`, and only for it.')
  clause?: string;

  @IsReason('Why, for the account’s holder. No personal data.')
  reason!: string;

  @IsAppealToken()
  token!: number;
}

@CommandHandler(DecideAppeal)
export class DecideAppealHandler implements ICommandHandler<DecideAppeal> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(AppealFactsReader) private readonly facts: AppealFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ appealId, outcome, clause, reason, token, context }: DecideAppeal): Promise<CommandResult> {
    const reviewer = context.actor.id;
    const decision = { appealId, reviewer, outcome, clause, reason, token };
    return commandResult(
      await this.transactor.transact(
        appealStream,
        appealId,
        context,
        (state, facts) => decideAppeal(state, { ...decision, now: this.clock.now() }, facts),
        (load: Load<Appeal>) => this.facts.forHearing(appealId, reviewer, load),
      ),
    );
  }
}

@Controller('v1/appeals')
export class DecideAppealController extends CommandRoute {
  @Post(':id/decision')
  @HttpCode(200)
  @Roles(...HEARERS)
  @Operation('Grants an appeal, grants it in part, or denies it', {
    description:
      'By somebody who took no part in the decision and has claimed the appeal. Granted, everything that the decision led to is undone, and nothing else. Granted in part, the ladder’s measure for the other clause takes the place of the first. A repeat by the same person changes nothing.',
    fields: { id: APPEAL_ID },
    example: { outcome: 'granted', reason: 'the film is a documentary', token: 1 },
    answer: receipt('Decided.'),
    refusals: {
      404: ['appeal-unknown'],
      409: [
        ...['appeal-decided', 'claim-lost', 'clause-unknown', ...APPEAL_CONFLICTS],
        ...['case-parked', 'image-parked', 'case-reopened', 'decision-undone'],
      ],
      503: ['not-caught-up'],
    },
  })
  decideAppeal(@Param() { id }: IdParam, @Body() decision: DecideAppeal, @Context() context: Context) {
    return this.receipt(decision.with({ context, appealId: id }));
  }
}
