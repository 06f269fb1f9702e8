import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { accountStandingView } from '../../account/index.js';
import { FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsDay, IsMoment, Means } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { InvalidInput } from '../../kernel/errors.js';
import { EarlierFigures } from './earlier-figures.js';
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

  @IfGiven()
  @IsMoment()
  asOf?: string;
}

@QueryHandler(ShowSafetyMetrics)
export class ShowSafetyMetricsHandler implements IQueryHandler<ShowSafetyMetrics> {
  constructor(
    @Inject(SafetyReport) private readonly report: SafetyReport,
    @Inject(EarlierFigures) private readonly earlier: EarlierFigures,
  ) {}

  execute({ by, from, to, asOf }: ShowSafetyMetrics): Promise<Omit<SafetyAnswer, 'position'>> {
    if (asOf === undefined) return this.report.read(by, { from, to });
    return this.earlier.read(asOf, by, { from, to });
  }
}

@Controller('v1/safety')
export class ShowSafetyMetricsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('metrics')
  @FromViews(...SAFETY_SOURCES, accountStandingView)
  @Roles('lead', 'operator', 'compliance', 'service', 'administrator')
  @Operation(
    'Counts, shares with 95% intervals and figures of review, in total and by day, ISO week, category, clause, cohort or model',
    {
      description:
        'The figures of review are computed from all cases at each call, and those of cohorts and models from all images: ask for them every minute rather than every second. Those of an earlier moment come from a replay of the log, one at a time: if that takes longer than a few seconds, the answer is `replay-running`, and a repeat gets the figures once it has ended.',
      answer: answer('SafetyMetrics', 'The figures.', SafetyAnswer),
      refusals: { 503: ['replay-running'] },
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
