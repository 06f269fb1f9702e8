import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { claimCase } from '../review-decisions.js';
import { CaseDecisions } from './case-decisions.js';

export interface Claimed extends CommandResult {
  /** When the claim ends by itself, in epoch milliseconds. */
  until: number;
}

export class ClaimCase extends Command<Claimed> {
  constructor(
    readonly caseId: string,
    readonly reviewer: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ClaimCase)
export class ClaimCaseHandler implements ICommandHandler<ClaimCase> {
  constructor(
    @Inject(CaseDecisions) private readonly cases: CaseDecisions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ caseId, reviewer, context }: ClaimCase): Promise<Claimed> {
    const leaseMs = this.settings.claimLeaseMs;
    const result = await this.cases.decide(
      caseId,
      context,
      (state, facts) => claimCase(state, { caseId, reviewer, now: this.clock.now(), leaseMs }, facts),
      reviewer,
    );
    return { ...commandResult(result), until: result.state.claim!.until };
  }
}

export interface ClaimAnswer extends WriteReceipt {
  caseId: string;
  reviewer: string;
  /** When the claim ends by itself. */
  until: string;
}

@Controller('v1/cases')
export class ClaimCaseController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  /** Reserves a case for whoever asks, for a while. */
  @Post(':id/claim')
  @HttpCode(200)
  @Roles('reviewer', 'administrator')
  async claim(@Param() { id }: IdParam, @Context() context: CommandContext): Promise<ClaimAnswer> {
    const reviewer = context.actor.id;
    const claimed = await this.commands.execute(new ClaimCase(id, reviewer, context));
    return { caseId: id, reviewer, until: toIso(claimed.until), ...writeReceipt(claimed) };
  }
}
