import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { declinedAt, declinedStream } from '../declined-categories.js';
import { REVIEWERS } from './reviewing-roles.js';

const DeclinedAnswer = closed({
  reviewer: text('You.'),
  categories: list(Type.String(), 'The categories of which queues give you no case now.'),
  until: orNull(instant('Until when; null without any.')),
  etag: text('Also the header `ETag`. Send it as `If-Match` to change this only if nobody has changed it since.'),
  position: position('The position of the last change; 0 without one.'),
});
export type DeclinedAnswer = Static<typeof DeclinedAnswer>;

export class ShowDeclined extends Query<DeclinedAnswer> {
  constructor(readonly reviewer: string) {
    super();
  }
}

@QueryHandler(ShowDeclined)
export class ShowDeclinedHandler implements IQueryHandler<ShowDeclined> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ reviewer }: ShowDeclined): Promise<DeclinedAnswer> {
    const { state, changedAt } = await this.transactor.load(declinedStream, reviewer);
    const categories = [...declinedAt(state, this.clock.now())].sort();
    return {
      reviewer,
      categories,
      until: categories.length === 0 ? null : toIso(state.until),
      etag: entityTagOf(changedAt, this.epoch.current),
      position: String(changedAt),
    };
  }
}

@Controller('v1/reviewers')
export class ShowDeclinedController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('me/declined-categories')
  @FromLog()
  @Roles(...REVIEWERS, 'compliance')
  @Operation('The categories of which queues give the caller no case today', {
    answer: answer('DeclinedCategories', 'The categories.', DeclinedAnswer, {
      reviewer: 'rev-1',
      categories: ['violent'],
      until: '2022-05-20T00:00:00.000Z',
      etag: '"9c1f03ab55d2-1043"',
      position: '1043',
    }),
  })
  showDeclined(@Context() { actor }: Context): Promise<DeclinedAnswer> {
    return this.queries.execute(new ShowDeclined(actor.id));
  }
}
