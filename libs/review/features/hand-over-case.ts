import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsEntityId, IsPersonalText } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { handOverCase } from '../claim-decisions.js';
import { CASE_ID } from '../queries/case-fields.js';
import { isLead, REVIEWERS } from '../queries/reviewing-roles.js';
import { CaseFactsReader } from './case-facts.js';
import { IsClaimToken } from './claim-answer.js';

export class HandOverCase extends RequestCommand {
  @IsEntityId('The reviewer who is to have it.')
  reviewer!: string;

  @IfGiven()
  @IsClaimToken()
  token?: number;

  @IfGiven()
  @IsPersonalText(2000, 'Why. Stored encrypted under a key of the caller.')
  note?: string;

  declare readonly caseId: string;
}

@CommandHandler(HandOverCase)
export class HandOverCaseHandler implements ICommandHandler<HandOverCase> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ caseId, reviewer, token, note, context }: HandOverCase): Promise<CommandResult> {
    const handOver = {
      caseId,
      by: context.actor.id,
      isLead: isLead(context.actor),
      to: reviewer,
      ...(token !== undefined && { token }),
      ...(note !== undefined && { note }),
    };
    return commandResult(
      await this.transactor.transact(
        caseStream,
        caseId,
        context,
        (state, facts) => handOverCase(state, { ...handOver, now: this.clock.now() }, facts),
        () => this.facts.read(caseId, [reviewer]),
      ),
    );
  }
}

@Controller('v1/cases')
export class HandOverCaseController extends CommandRoute {
  @Post(':id/handover')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Hands a case over to another reviewer', {
    description:
      'It ends the claim. For a day nobody else can claim the case. Reviewers need the token of their claim; leads can hand over any open case without one, and it is escalated no longer.',
    fields: { id: CASE_ID },
    example: { token: 1, reviewer: 'rev-2', note: 'in Welsh' },
    answer: receipt('The case is handed over.'),
    refusals: {
      404: ['case-unknown'],
      409: [
        'case-not-open',
        'claim-lost',
        'own-flag',
        'own-image',
        'linked-account',
        'skill-needed',
        'already-reviewed',
        'image-parked',
        'case-parked',
      ],
      503: ['not-caught-up'],
    },
  })
  handOverCase(@Param() { id }: IdParam, @Body() handOver: HandOverCase, @Context() context: Context) {
    return this.receipt(handOver.with({ context, caseId: id }));
  }
}
