import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { accountStandingView } from '../../account/index.js';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsDay, Means } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { InvalidInput } from '../../kernel/errors.js';
import { GROUPINGS, type Grouping } from './groupings.js';
import { SafetyAnswer } from './safety-answer.js';
import { SAFETY_SOURCES, SafetyReport } from './safety-figures.js';

export class ShowSafetyMetrics extends Query<Omit<SafetyAnswer, 'position'>> {
  @Means('How to group the figures beside the total.')
  @IfGiven()
  @IsIn(GROUPINGS)
  by?: Grouping;

  @IfGiven()
  @IsDay('The first day, with `by=day`.')
  from?: string;

  @IfGiven()
  @IsDay('The last day, with `by=day`.')
  to?: string;
}

@QueryHandler(ShowSafetyMetrics)
export class ShowSafetyMetricsHandler implements IQueryHandler<ShowSafetyMetrics> {
  constructor(@Inject(SafetyReport) private readonly report: SafetyReport) {}

  execute({ by, from, to }: ShowSafetyMetrics): Promise<Omit<SafetyAnswer, 'position'>> {
    return this.report.read(by, { from, to });
  }
}

@Controller('v1/safety')
export class ShowSafetyMetricsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('metrics')
  @FromViews(...SAFETY_SOURCES, accountStandingView)
  @AsOf()
  @Roles('lead', 'operator', 'compliance', 'service', 'administrator')
  @Operation(
    'Counts, shares with 95% intervals and figures of review, in total and by day, ISO week, category, clause, cohort or model',
    {
      description:
        'The figures of review are computed from all cases at each call, and those of cohorts and models from all images: ask for them every minute rather than every second.',
      answer: answer('SafetyMetrics', 'The figures.', SafetyAnswer),
    },
  )
  showSafetyMetrics(@QueryParameters() query: ShowSafetyMetrics): Promise<Omit<SafetyAnswer, 'position'>> {
    const { by, from, to } = query;
    if (by !== 'day' && (from ?? to) !== undefined) {
      throw new InvalidInput([{ field: from === undefined ? 'to' : 'from', message: 'requires by=day' }]);
    }
    return this.queries.execute(query);
  }
}
