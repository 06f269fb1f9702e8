import { Inject } from '@nestjs/common';
import { Command, type CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Load, Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import type { DataOf } from '../../events/event-definition.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { type Case, caseStream } from '../case.js';
import { ReviewConfirmed } from '../events.js';
import { importReviewConfirmed } from '../outside-confirmation.js';
import { sourceOf } from '../outside-source.js';
import { CaseFactsReader } from './case-facts.js';

export class ConfirmReview extends Command<CommandResult> {
  constructor(
    readonly confirmed: DataOf<typeof ReviewConfirmed>,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** Records that another system's reviewers decided a case that is open here. */
@CommandHandler(ConfirmReview)
export class ConfirmReviewHandler implements ICommandHandler<ConfirmReview> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
  ) {}

  async execute({ confirmed, context }: ConfirmReview): Promise<CommandResult> {
    const { caseId, reviewers = [] } = confirmed;
    const result = await this.transactor.transact(
      caseStream,
      caseId,
      context,
      (state, facts) => importReviewConfirmed(state, confirmed, facts),
      (load: Load<Case>) => this.facts.read(caseId, reviewers, { load }),
    );
    return commandResult(result);
  }
}

/** Handles a ReviewConfirmed event of another system. */
export const confirmReviewInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: ReviewConfirmed,
    keys: ({ caseId }) => [`case:${caseId}`],
    handle: (data, context) =>
      commands.execute(new ConfirmReview({ ...data, reviewerSource: sourceOf(context) }, context)),
  });
