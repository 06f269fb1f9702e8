import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { page } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Page, PageQuery } from '../../http/paging.js';
import { cohortsView } from '../views/cohorts.js';
import { CohortAnswer, CohortList, cohortExample } from './cohort-list.js';

export class ListCohorts extends PageQuery<Page<CohortAnswer>> {}

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

  @Get()
  @FromViews(cohortsView)
  @AsOf()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Cohorts, the newest first', {
    answer: answer('CohortPage', 'A page of cohorts.', page(CohortAnswer, 'The cohorts.'), { items: [cohortExample] }),
  })
  listCohorts(@Query() query: ListCohorts): Promise<Page<CohortAnswer>> {
    return this.queries.execute(query);
  }
}
