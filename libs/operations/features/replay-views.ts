import { Body, Controller, Delete, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { IsString, Matches } from 'class-validator';
import { type Static } from 'typebox';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger, IsMoment, Means } from '../../http/field-rules.js';
import { Located } from '../../http/location.js';
import { positionOfMoment } from '../../http/moment.js';
import { closed, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import type { Position } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { KeptReplays, REPLAY_NAME } from '../../projections/kept-replays.js';
import { ViewJob, ViewJobs, viewJobExample } from '../jobs/view-jobs.js';
import { ViewsBody } from './start-view-job.js';

const DEFAULT_ROWS = 100;
const MOST_ROWS = 1_000;

const NAME_RULE = 'must be a letter followed by at most 19 letters, digits and underscores, in lower case';

export class ReplayBody extends ViewsBody {
  @IsString()
  @IsMoment()
  at!: string;

  @IfGiven()
  @Matches(REPLAY_NAME, { message: NAME_RULE })
  @Means(
    'Keeps the tables under this name, in a schema `replay_{name}_{view}` for each view, until somebody drops them.',
  )
  keep?: string;
}

export class ReplayParam {
  @Matches(REPLAY_NAME, { message: NAME_RULE })
  @Means('The name of a kept replay.')
  name!: string;
}

const DroppedAnswer = closed({ name: text('The replay that is kept no longer.') });

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

const KEEPING = { 409: ['replay-exists', 'too-many-replays'] };

const documented = (example: object, conflicts: Record<number, readonly string[]> = {}) => ({
  example,
  answer: answer('ViewJob', 'The started job; GET /v1/views/jobs/{id} has its result.', ViewJob, viewJobExample),
  refusals: { ...conflicts, 410: ['position-gone'], 503: ['too-many-jobs'] },
});

@Controller('v1/audit')
export class ReplayViewsController {
  constructor(
    @Inject(ViewJobs) private readonly jobs: ViewJobs,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(KeptReplays) private readonly kept: KeptReplays,
  ) {}

  @Post('replays')
  @HttpCode(202)
  @Located('/v1/views/jobs/{id}')
  @Roles('compliance', 'administrator')
  @Operation(
    'Replays views up to a position twice into tables of their own and digests them; then drops them, or keeps one',
    documented({ at: '1042', views: ['cases'], keep: 'before_the_change' }, KEEPING),
  )
  async replayViews(@Body() { at, views, keep }: ReplayBody, @Context() context: Context): Promise<ViewJob> {
    const position = await this.positionOf(at, '/at');
    if (keep !== undefined) await this.kept.refuseToKeep(keep);
    return this.jobs.replayTo({ position, keep }, views, context);
  }

  @Delete('replays/:name')
  @Roles('compliance', 'administrator')
  @Operation('Drops the tables of a kept replay', {
    answer: answer('DroppedReplay', 'They are gone.', DroppedAnswer, { name: 'before_the_change' }),
    refusals: { 404: ['replay-unknown'] },
  })
  async dropReplay(@Param() { name }: ReplayParam): Promise<Static<typeof DroppedAnswer>> {
    await this.kept.drop(name);
    return { name };
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
