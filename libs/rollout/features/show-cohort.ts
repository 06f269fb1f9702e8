import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { NotFound } from '../../kernel/errors.js';
import { IdParam } from '../../platform/http/field-rules.js';
import { Roles } from '../../platform/security/route-access.js';
import { type CohortAnswer, CohortList } from '../views/cohort-list.js';

export class ShowCohort extends Query<CohortAnswer> {
  constructor(readonly cohortId: string) {
    super();
  }
}

@QueryHandler(ShowCohort)
export class ShowCohortHandler implements IQueryHandler<ShowCohort> {
  constructor(@Inject(CohortList) private readonly cohorts: CohortList) {}

  async execute({ cohortId }: ShowCohort): Promise<CohortAnswer> {
    const cohort = await this.cohorts.find(cohortId);
    if (!cohort) throw new NotFound('cohort-unknown', `there is no cohort ${cohortId}: GET /v1/cohorts lists them`);
    return cohort;
  }
}

@Controller('v1/cohorts')
export class ShowCohortController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  /** A cohort: how many were admitted with it and how many are in. */
  @Get(':id')
  @Roles('operator', 'administrator')
  show(@Param() { id }: IdParam): Promise<CohortAnswer> {
    return this.queries.execute(new ShowCohort(id));
  }
}
