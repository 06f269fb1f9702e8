import { Inject } from '@nestjs/common';
import { Command, type CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import type { DataOf } from '../../events/event-definition.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { ReviewConfirmed } from '../events.js';
import { importReviewConfirmed } from '../review-decisions.js';
import { CaseDecisions } from './case-decisions.js';

export class ConfirmReview extends Command<CommandResult> {
  constructor(
    readonly confirmed: DataOf<typeof ReviewConfirmed>,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** Another system's reviewers decided a case that is open here. */
@CommandHandler(ConfirmReview)
export class ConfirmReviewHandler implements ICommandHandler<ConfirmReview> {
  constructor(@Inject(CaseDecisions) private readonly cases: CaseDecisions) {}

  async execute({ confirmed, context }: ConfirmReview): Promise<CommandResult> {
    return commandResult(
      await this.cases.decide(confirmed.caseId, context, (state, facts) =>
        importReviewConfirmed(state, confirmed, facts),
      ),
    );
  }
}

/** A ReviewConfirmed of another system. */
export const confirmReviewInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: ReviewConfirmed,
    key: ({ caseId }) => `case:${caseId}`,
    handle: (data, context) => commands.execute(new ConfirmReview(data, context)),
  });
