import { Body, Controller, Put } from '@nestjs/common';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreLabels, IfGiven, IsInstant, IsSet } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { declineCategories, declinedStream } from '../declined-categories.js';
import { REVIEWERS } from '../queries/reviewing-roles.js';

const DECLINED = {
  id: ({ context }: DeclineCategories) => context.actor.id,
  what: ({ context }: DeclineCategories) => `what ${context.actor.id} declined`,
};

export class DeclineCategories extends EditCommand {
  @IsSet(0, 20)
  @AreLabels('The categories, instead of those before; none for cases of all categories again.')
  categories!: string[];

  @IfGiven()
  @IsInstant('Until when, at most a day ahead; by default the end of the day in UTC.')
  until?: string;
}

export const DeclineCategoriesHandler = editHandler(
  DeclineCategories,
  declinedStream,
  DECLINED,
  (state, { context, categories, until }, now) =>
    declineCategories(state, { reviewer: context.actor.id, categories, until }, now),
);

@Controller('v1/reviewers')
export class DeclineCategoriesController extends CommandRoute {
  @Put('me/declined-categories')
  @Edits('/v1/reviewers/me/declined-categories')
  @Roles(...REVIEWERS)
  @Operation('Leaves cases of some categories out of what queues give the caller today', {
    description: 'Nobody asks why. The caller can still claim such a case by its id, or get one that is handed over.',
    example: { categories: ['violent'] },
    answer: receipt('They are left out.'),
  })
  declineCategories(@Body() declined: DeclineCategories, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(declined.with({ context, ifMatch }));
  }
}
