import { Controller, Get, Inject, Query } from '@nestjs/common';
import { Type as Transform } from 'class-transformer';
import { IsIn, IsString, Matches, MaxLength } from 'class-validator';
import { FromViews } from '../../context/from-views.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger, IsMoment, Means } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing } from '../../http/paging.js';
import { POSITION_RULE, positionOf } from '../../http/position-text.js';
import { GIVEN_POSITION } from '../../kernel/text-forms.js';
import { SAFETY_SOURCES } from '../../safety/index.js';
import type { TimeOf } from './histories.js';
import { MetricsHistory } from './metrics-history.js';
import { MetricsHistoryAnswer } from './metrics-history-answer.js';
import { AfterQuery, afterOf } from './paging-by-position.js';

const DEFAULT_LIMIT = 100;
const MOST = 500;
const TIMES: readonly TimeOf[] = ['recorded', 'event-time'];

export class MetricsHistoryQuery extends AfterQuery {
  @IfGiven()
  @IsMoment()
  asOf?: string;

  @IfGiven()
  @IsIn(TIMES)
  @Means('What a time is compared with: when events were stored, or when they happened.')
  by?: TimeOf;

  @IfGiven()
  @IsString()
  @MaxLength(64)
  @Matches(new RegExp(GIVEN_POSITION), { message: POSITION_RULE })
  @Means('With `by=event-time`: the figures leave out what was stored after this. The head by default.')
  known?: string;

  @IfGiven()
  @Transform(() => Number)
  @IsInteger(`Maximum number of events; ${DEFAULT_LIMIT} by default.`, 1, MOST)
  limit?: number;
}

@Controller('v1/audit/metrics')
export class MetricsHistoryController {
  constructor(
    @Inject(MetricsHistory) private readonly metrics: MetricsHistory,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  @Get()
  @FromViews(...SAFETY_SOURCES)
  @Roles('compliance', 'administrator')
  @Operation('The safety metrics at a moment, what has become of each figure since, and the events that moved them', {
    description:
      'Without `asOf` the moment is now. With `by=event-time` the figures count what had happened by a time, also if it was stored later; they come from a replay of their own. If a replay takes longer than a few seconds, the answer is `replay-running`, and a repeat gets the figures once it has ended.',
    answer: answer('MetricsHistory', 'The figures and the events.', MetricsHistoryAnswer),
    refusals: { 410: ['position-gone'], 503: ['replay-running', 'index-behind'] },
  })
  showMetricsHistory(@Query() query: MetricsHistoryQuery): Promise<MetricsHistoryAnswer> {
    const { asOf, by = 'recorded', known, limit = DEFAULT_LIMIT } = query;
    const listing = new Listing('moves-of-metrics', { asOf, by: query.by, known });
    return this.metrics.read({
      ...{ asOf, by, listing, limit, after: afterOf(listing, query.cursor) },
      known: known === undefined ? undefined : positionOf(known, 'known', this.epoch.current),
    });
  }
}
