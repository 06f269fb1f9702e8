import { Inject, type Type } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { EditCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { type Reviewer, reviewerStream } from '../reviewer.js';
import type { ReviewerEvent } from '../reviewer-events.js';
import { changedAtOf, severeViewersStream } from '../severe-viewers.js';

/** What commands about a reviewer edit. */
export const recordedAbout = (reviewer: string): string => `what is recorded about ${reviewer}`;

/**
 * The handler of an edit of a reviewer. What its sender has read has the skill `severe`, so that a change of that is one that
 * its `If-Match` must know.
 */
export function reviewerHandler<Given extends EditCommand & { readonly reviewer: string }>(
  command: Type<Given>,
  decide: (state: Reviewer, command: Given) => readonly ReviewerEvent[],
): Type<{ execute(command: Given): Promise<CommandResult> }> {
  @CommandHandler(command)
  class ReviewerHandler {
    constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

    async execute(given: Given): Promise<CommandResult> {
      const { reviewer, context, ifMatch } = given;
      const result = await this.transactor.transact(
        reviewerStream,
        reviewer,
        context,
        (state, severe, changedAt) => {
          const events = decide(state, given);
          return ifMatch?.allow(events, Math.max(changedAt, severe), recordedAbout(reviewer)) ?? events;
        },
        async () => changedAtOf((await this.transactor.load(severeViewersStream, undefined)).state, reviewer),
      );
      return commandResult(result);
    }
  }
  return ReviewerHandler;
}
