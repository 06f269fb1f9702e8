import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, Means } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { PageQuery } from '../../http/paging.js';
import { waitlistEntriesView } from '../views/waitlist-entries.js';
import { WAITLIST_STATUSES, Waitlist, WaitlistPage, type WaitlistStatus } from './waitlist.js';

export class ListWaitlist extends PageQuery<WaitlistPage> {
  @Means('The status of the entries, by default `waiting`; those come in the order of their turn.')
  @IfGiven()
  @IsIn(WAITLIST_STATUSES)
  status: WaitlistStatus = 'waiting';
}

@QueryHandler(ListWaitlist)
export class ListWaitlistHandler implements IQueryHandler<ListWaitlist> {
  constructor(@Inject(Waitlist) private readonly waitlist: Waitlist) {}

  execute({ status, limit, cursor }: ListWaitlist): Promise<WaitlistPage> {
    return this.waitlist.page(status, limit, cursor);
  }
}

const example: WaitlistPage = {
  items: [
    {
      accountId: 'acc-1',
      status: 'waiting',
      class: 'general',
      priority: 5,
      joinedAt: '2022-05-18T09:00:00.000Z',
      cohortId: null,
      onboardedAt: null,
      position: '12',
    },
  ],
  waiting: 1,
  unconfirmed: 0,
};

@Controller('v1/waitlist')
export class ListWaitlistController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(waitlistEntriesView)
  @AsOf()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('The entries of a status in order, and how many people wait in all', {
    answer: answer('WaitlistPage', 'A page of entries.', WaitlistPage, example),
  })
  listWaitlist(@Query() query: ListWaitlist): Promise<WaitlistPage> {
    return this.queries.execute(query);
  }
}
