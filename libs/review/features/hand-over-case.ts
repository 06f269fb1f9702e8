import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { type Load, Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsEntityId, IsLabel, IsPersonalText } from '../../http/field-rules.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { InvalidInput } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/ports.js';
import { type Case, caseStream } from '../case.js';
import { type HandOver, handOverCase } from '../claim-decisions.js';
import { CONFLICTS } from '../conflict-of-interest.js';
import { CASE_ID } from '../queries/case-fields.js';
import { isLead, REVIEWERS } from '../queries/reviewing-roles.js';
import { type MoveCase, moveCase } from '../routing.js';
import { CaseFactsReader } from './case-facts.js';
import { IsClaimToken } from './claim-answer.js';

export class HandOverCase extends RequestCommand {
  @IfGiven()
  @IsEntityId('The reviewer who is to have it; name one, or a queue.')
  reviewer?: string;

  @IfGiven()
  @IsLabel('The queue that is to have it.')
  queue?: string;

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

  /** @throws InvalidInput unless it names a reviewer or a queue */
  async execute({ caseId, reviewer, queue, token, note, context }: HandOverCase): Promise<CommandResult> {
    const handOver = {
      caseId,
      by: context.actor.id,
      isLead: isLead(context.actor),
      ...(token !== undefined && { token }),
      ...(note !== undefined && { note }),
    };
    if (queue !== undefined && reviewer === undefined) return this.toQueue({ ...handOver, queue }, context);
    if (reviewer !== undefined && queue === undefined) return this.toReviewer({ ...handOver, to: reviewer }, context);
    const field = reviewer === undefined ? '/reviewer' : '/queue';
    throw new InvalidInput([{ field, message: 'name either the reviewer or the queue that is to have the case' }]);
  }

  private async toReviewer(handOver: Omit<HandOver, 'now'>, context: CommandContext): Promise<CommandResult> {
    const { caseId, to } = handOver;
    return commandResult(
      await this.transactor.transact(
        caseStream,
        caseId,
        context,
        (state, facts) => handOverCase(state, { ...handOver, now: this.clock.now() }, facts),
        (load: Load<Case>) => this.facts.read(caseId, [to], { load }),
      ),
    );
  }

  private async toQueue(move: MoveCase, context: CommandContext): Promise<CommandResult> {
    const { caseId } = move;
    return commandResult(
      await this.transactor.transact(
        caseStream,
        caseId,
        context,
        (state, facts) => moveCase(state, move, facts),
        (load: Load<Case>) => this.facts.readToRoute(caseId, [], { load }),
      ),
    );
  }
}

@Controller('v1/cases')
export class HandOverCaseController extends CommandRoute {
  @Post(':id/handover')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Hands a case over to another reviewer, or to a queue', {
    description:
      'It ends the claim. For a day nobody but that reviewer can claim the case; in a queue it stays until the round ends, whatever the routing rules say. It gets the panel of the queue, but a smaller one only from a lead. Reviewers need the token of their claim; leads can hand over any open case without one, and it is escalated no longer.',
    fields: { id: CASE_ID },
    example: { token: 1, reviewer: 'rev-2', note: 'in Welsh' },
    answer: receipt('The case is handed over.'),
    refusals: {
      404: ['case-unknown', 'queue-unknown'],
      409: [
        'case-not-open',
        'claim-lost',
        ...CONFLICTS,
        'skill-needed',
        'severe-content',
        'already-reviewed',
        'reviewer-unsuitable',
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
