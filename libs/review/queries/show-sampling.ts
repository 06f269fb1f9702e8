import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, count, flag, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { LEADS } from './reviewing-roles.js';

const SamplingAnswer = closed({
  secondReviewPercent: count('Of the cases that one reviewer decides, how many get a second one, in hundredths.'),
  secondReviewOfDeactivations: flag('Whether each case gets one whose confirmation would deactivate the account.'),
  goldenPercent: count('For how many of a hundred cases that are opened a golden case is opened too.'),
  prevalencePerMillion: count(
    'Of a million images, how many are chosen when they are first exposed, and reviewed without a flag.',
  ),
  prevalenceQueue: orNull(text('The queue in which their cases wait; null if the rules say which.')),
  etag: text('Also the header `ETag`. Send it as `If-Match` to set this only if nobody has changed it since.'),
  position: position('The position of the last change; 0 for none.'),
});
export type SamplingAnswer = Static<typeof SamplingAnswer>;

export class ShowSampling extends Query<SamplingAnswer> {}

@QueryHandler(ShowSampling)
export class ShowSamplingHandler implements IQueryHandler<ShowSampling> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  async execute(): Promise<SamplingAnswer> {
    const events = await this.store.readStream(reviewSettingsStream.category);
    const state = foldRecorded(reviewSettingsStream, events);
    const { changedAt, prevalenceQueue = null, ...sampling } = state.sampling;
    return {
      ...sampling,
      prevalenceQueue,
      etag: entityTagOf(changedAt, this.epoch.current),
      position: String(changedAt),
    };
  }
}

@Controller('v1/review-sampling')
export class ShowSamplingController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation(
    'Which cases a second reviewer judges, how many golden cases are mixed in, and how many images are reviewed without a flag',
    {
      answer: answer('Sampling', 'The setting.', SamplingAnswer, {
        secondReviewPercent: 5,
        secondReviewOfDeactivations: true,
        goldenPercent: 3,
        prevalencePerMillion: 200,
        prevalenceQueue: null,
        etag: '"9c1f03ab55d2-7"',
        position: '7',
      }),
    },
  )
  showSampling(): Promise<SamplingAnswer> {
    return this.queries.execute(new ShowSampling());
  }
}
