import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { NotFound } from '../../kernel/errors.js';
import { cohortsView } from '../views/cohorts.js';
import { Admissions } from './admissions.js';
import { CohortAnswer, CohortList, cohortExample } from './cohort-list.js';

export class ShowCohort extends IdQuery<CohortAnswer> {}

@QueryHandler(ShowCohort)
export class ShowCohortHandler implements IQueryHandler<ShowCohort> {
  constructor(
    @Inject(CohortList) private readonly cohorts: CohortList,
    @Inject(Admissions) private readonly admissions: Admissions,
  ) {}

  async execute({ id: cohortId }: ShowCohort): Promise<CohortAnswer> {
    const cohort = await this.cohorts.find(cohortId);
    if (cohort) return cohort;
    // The view may lag behind an admission that was acknowledged a moment ago.
    const found = await this.admissions.find(cohortId);
    if (!found)
      throw new NotFound(
        'cohort-unknown',
        `there is no cohort ${cohortId}: gatehouse cohort list, or GET /v1/cohorts, lists them`,
      );
    const { size, selection, perWeek, at } = found.admission;
    return { cohortId, size, selection, perWeek, admittedAt: at, onboarded: 0, status: 'admitted', position: '0' };
  }
}

@Controller('v1/cohorts')
export class ShowCohortController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromViews(cohortsView)
  @AsOf()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('A cohort: the number of people admitted, and of those onboarded so far', {
    fields: { id: 'The cohort.' },
    answer: answer('Cohort', 'The cohort.', CohortAnswer, cohortExample),
    refusals: { 404: ['cohort-unknown'] },
  })
  showCohort(@Param() query: ShowCohort): Promise<CohortAnswer> {
    return this.queries.execute(query);
  }
}
