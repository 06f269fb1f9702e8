import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import type { DataOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsPersonalText } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { CLOCK } from '../../platform/ports.js';
import type { Case, Verdict } from '../case.js';
import { VerdictGiven } from '../events.js';
import { giveVerdict } from '../review-decisions.js';
import { CaseDecisions } from './case-decisions.js';

export interface Judged extends CommandResult {
  status: Case['status'];
}

export class GiveVerdict extends Command<Judged> {
  constructor(
    readonly verdict: DataOf<typeof VerdictGiven>,
    readonly context: CommandContext,
    readonly fromOutside = false,
  ) {
    super();
  }
}

@CommandHandler(GiveVerdict)
export class GiveVerdictHandler implements ICommandHandler<GiveVerdict> {
  constructor(
    @Inject(CaseDecisions) private readonly cases: CaseDecisions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ verdict, context, fromOutside }: GiveVerdict): Promise<Judged> {
    const result = await this.cases.decide(
      verdict.caseId,
      context,
      (state, facts) => giveVerdict(state, { ...verdict, fromOutside, now: this.clock.now() }, facts),
      verdict.reviewer,
    );
    return { ...commandResult(result), status: result.state.status };
  }
}

/** A VerdictGiven of an external review tool. */
export const giveVerdictInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: VerdictGiven,
    key: ({ caseId }) => `case:${caseId}`,
    handle: (data, context) => commands.execute(new GiveVerdict(data, context, true)),
  });

const DAY_MS = 86_400_000;

export class GiveVerdictBody {
  @IsIn(['safe', 'unsafe', 'unsure'])
  verdict!: Verdict;

  /** Why. */
  @IfGiven()
  @IsPersonalText(2000)
  note?: string;

  /** How long the reviewer looked, in milliseconds. */
  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(DAY_MS)
  answerTimeMs?: number;
}

export interface VerdictAnswer extends WriteReceipt {
  caseId: string;
  /** Of the case, after the verdict. */
  status: Case['status'];
}

@Controller('v1/cases')
export class GiveVerdictController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** The verdict of whoever asks; the last one of the panel decides the case. A second one by the same person changes nothing. */
  @Post(':id/verdicts')
  @HttpCode(200)
  @Roles('reviewer', 'administrator')
  async judge(
    @Param() { id }: IdParam,
    @Body() body: GiveVerdictBody,
    @Context() context: CommandContext,
  ): Promise<VerdictAnswer> {
    const command = new GiveVerdict({ ...body, caseId: id, reviewer: context.actor.id }, context);
    const judged = await this.commands.execute(command);
    return { caseId: id, status: judged.status, ...writeReceipt(judged) };
  }
}
