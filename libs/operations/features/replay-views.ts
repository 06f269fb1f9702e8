import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { IsString } from 'class-validator';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger, IsMoment } from '../../http/field-rules.js';
import { Located } from '../../http/location.js';
import { positionOfMoment } from '../../http/moment.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Position } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { ViewJob, ViewJobs, viewJobExample } from '../jobs/view-jobs.js';
import { ViewsBody } from './start-view-job.js';

const DEFAULT_ROWS = 100;
const MOST_ROWS = 1_000;

export class ReplayBody extends ViewsBody {
  @IsString()
  @IsMoment()
  at!: string;
}

export class DiffBody extends ViewsBody {
  @IsString()
  @IsMoment()
  from!: string;

  @IsString()
  @IsMoment()
  to!: string;

  @IfGiven()
  @IsInteger(`How many rows of each table are named; ${DEFAULT_ROWS} by default.`, 1, MOST_ROWS)
  rows?: number;
}

const documented = (example: object) => ({
  example,
  answer: answer('ViewJob', 'The started job; GET /v1/views/jobs/{id} has its result.', ViewJob, viewJobExample),
  refusals: { 410: ['position-gone'], 503: ['too-many-jobs'] },
});

@Controller('v1/audit')
export class ReplayViewsController {
  constructor(
    @Inject(ViewJobs) private readonly jobs: ViewJobs,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  @Post('replays')
  @HttpCode(202)
  @Located('/v1/views/jobs/{id}')
  @Roles('compliance', 'administrator')
  @Operation(
    'Replays views up to a position twice into tables of their own, digests and drops them',
    documented({ at: '1042', views: ['cases'] }),
  )
  async replayViews(@Body() { at, views }: ReplayBody, @Context() context: Context): Promise<ViewJob> {
    return this.jobs.replayTo(await this.positionOf(at, '/at'), views, context);
  }

  @Post('diffs')
  @HttpCode(202)
  @Located('/v1/views/jobs/{id}')
  @Roles('compliance', 'administrator')
  @Operation(
    'Says what changed in views between two positions, by row',
    documented({ from: '1000', to: '1042', views: ['cases'] }),
  )
  async diffViews(
    @Body() { from, to, views, rows = DEFAULT_ROWS }: DiffBody,
    @Context() context: Context,
  ): Promise<ViewJob> {
    const between = { from: await this.positionOf(from, '/from'), to: await this.positionOf(to, '/to') };
    if (between.from > between.to)
      throw new InvalidInput([{ field: '/from', message: 'must not be after /to: exchange them' }]);
    return this.jobs.diff(between, rows, views, context);
  }

  private positionOf(text: string, field: string): Promise<Position> {
    const { store, epoch } = this;
    return positionOfMoment(text, field, { store, epoch: epoch.current });
  }
}
