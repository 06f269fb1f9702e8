import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Type as Transform } from 'class-transformer';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger } from '../../http/field-rules.js';
import { closed, count, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { exposureView } from '../views/exposure.js';
import { exposureExample, exposureFields, toExposure } from './exposure-fields.js';
import { ExposureReader, FEWEST_IN_SUM } from './exposure-reader.js';
import { LEADS } from './reviewing-roles.js';

const ExposureSums = closed({
  days: list(
    closed({
      day: text('The day in UTC.'),
      reviewers: count('How many people looked at anything or took a break.'),
      ...exposureFields,
    }),
    `Days on which at least ${FEWEST_IN_SUM} people did, newest first.`,
  ),
  position: Type.Optional(position('It includes every event up to here.')),
});
export type ExposureSums = Static<typeof ExposureSums>;

const MAX_DAYS = 366;

export class ShowExposureSums extends Query<ExposureSums> {
  @IfGiven()
  @Transform(() => Number)
  @IsInteger('Maximum number of days; 30 by default.', 1, MAX_DAYS)
  days: number = 30;
}

@QueryHandler(ShowExposureSums)
export class ShowExposureSumsHandler implements IQueryHandler<ShowExposureSums> {
  constructor(@Inject(ExposureReader) private readonly exposures: ExposureReader) {}

  async execute({ days }: ShowExposureSums): Promise<ExposureSums> {
    const rows = await this.exposures.days(days);
    return { days: rows.map((row) => ({ day: row.day, reviewers: row.reviewers, ...toExposure(row) })) };
  }
}

@Controller('v1/metrics')
export class ShowExposureSumsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('exposure')
  @FromViews(exposureView)
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation('How much content the reviewers have looked at, by day', {
    description: `Sums of all reviewers: nobody but themselves sees the figures of one of them, so days on which fewer than ${FEWEST_IN_SUM} did anything are left out.`,
    answer: answer('ExposureSums', 'The sums.', ExposureSums, {
      days: [{ day: '2022-05-19', reviewers: 4, ...exposureExample }],
    }),
  })
  showExposureSums(@QueryParameters() query: ShowExposureSums): Promise<ExposureSums> {
    return this.queries.execute(query);
  }
}
