import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Roles } from '../../http/credentials/route-access.js';
import { type Page, PageQuery } from '../../http/paging.js';
import { type CohortAnswer, CohortList } from '../queries/cohort-list.js';

export class ListCohorts extends Query<Page<CohortAnswer>> {
  constructor(
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(ListCohorts)
export class ListCohortsHandler implements IQueryHandler<ListCohorts> {
  constructor(@Inject(CohortList) private readonly cohorts: CohortList) {}

  execute({ limit, cursor }: ListCohorts): Promise<Page<CohortAnswer>> {
    return this.cohorts.page(limit, cursor);
  }
}

@Controller('v1/cohorts')
export class ListCohortsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  /** Cohorts, the newest first. */
  @Get()
  @Roles('operator', 'compliance', 'administrator')
  list(@QueryParameters() { limit, cursor }: PageQuery): Promise<Page<CohortAnswer>> {
    return this.queries.execute(new ListCohorts(limit, cursor));
  }
}
