import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven } from '../../http/field-rules.js';
import { PageQuery } from '../../http/paging.js';
import { WAITLIST_STATUSES, Waitlist, type WaitlistPage, type WaitlistStatus } from '../queries/waitlist.js';

export class ListWaitlistQuery extends PageQuery {
  @IfGiven()
  @IsIn(WAITLIST_STATUSES)
  status: WaitlistStatus = 'waiting';
}

export class ListWaitlist extends Query<WaitlistPage> {
  constructor(
    readonly status: WaitlistStatus,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(ListWaitlist)
export class ListWaitlistHandler implements IQueryHandler<ListWaitlist> {
  constructor(@Inject(Waitlist) private readonly waitlist: Waitlist) {}

  execute({ status, limit, cursor }: ListWaitlist): Promise<WaitlistPage> {
    return this.waitlist.page(status, limit, cursor);
  }
}

@Controller('v1/waitlist')
export class ListWaitlistController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  /** The entries of a status in order (who waits: in the order of their turn), and how many wait in all. */
  @Get()
  @Roles('operator', 'compliance', 'administrator')
  list(@QueryParameters() { status, limit, cursor }: ListWaitlistQuery): Promise<WaitlistPage> {
    return this.queries.execute(new ListWaitlist(status, limit, cursor));
  }
}
