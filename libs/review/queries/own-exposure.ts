import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, count, flag, instant, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso, utcDayOf } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { currentStretch } from '../exposure.js';
import { exposureView } from '../views/exposure.js';
import { exposureExample, exposureFields, toExposure } from './exposure-fields.js';
import { ExposureReader } from './exposure-reader.js';
import { REVIEWERS } from './reviewing-roles.js';

const exposure = (description: string) => closed(exposureFields, description);

const OwnExposureAnswer = closed({
  reviewer: text('You.'),
  today: exposure('What you looked at today, in UTC.'),
  total: exposure('What you looked at ever.'),
  sinceBreak: orNull(
    closed(
      {
        since: instant('When you looked at something first.'),
        full: count('Images that you revealed in full.'),
      },
      'Since your last break. Ten minutes without looking at anything are one, too.',
    ),
  ),
  breakAdvised: flag('Whether you should take a break. It prevents nothing.'),
  breakAfterMinutes: orNull(count('After so many minutes a break is advised.')),
  breakAfterReveals: orNull(count('After so many images in full a break is advised.')),
  position: position('The position up to which this counts.'),
});
export type OwnExposureAnswer = Static<typeof OwnExposureAnswer>;

export class ShowOwnExposure extends Query<OwnExposureAnswer> {
  constructor(readonly reviewer: string) {
    super();
  }
}

@QueryHandler(ShowOwnExposure)
export class ShowOwnExposureHandler implements IQueryHandler<ShowOwnExposure> {
  constructor(
    @Inject(ExposureReader) private readonly exposures: ExposureReader,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async execute({ reviewer }: ShowOwnExposure): Promise<OwnExposureAnswer> {
    const now = this.clock.now();
    const { today, total, stretch, asOf } = await this.exposures.of(reviewer, utcDayOf(toIso(now)));
    const current = currentStretch(stretch, now);
    return {
      reviewer,
      today: toExposure(today),
      total: toExposure(total),
      sinceBreak: current ? { since: toIso(current.since), full: current.full } : null,
      breakAdvised: this.exposures.isBreakAdvised(stretch, now),
      breakAfterMinutes: this.settings.breakMinutes || null,
      breakAfterReveals: this.settings.breakReveals || null,
      position: String(asOf),
    };
  }
}

@Controller('v1/reviewers')
export class ShowOwnExposureController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get('me/exposure')
  @FromViews(exposureView)
  @Roles(...REVIEWERS, 'compliance')
  @Operation('How much content the caller has looked at, and whether to take a break', {
    description: 'Only you see these figures. Leads see the sums of all reviewers.',
    answer: answer('OwnExposure', 'Your figures.', OwnExposureAnswer, {
      reviewer: 'rev-1',
      today: exposureExample,
      total: exposureExample,
      sinceBreak: { since: '2022-05-19T09:05:00.000Z', full: 31 },
      breakAdvised: false,
      breakAfterMinutes: 50,
      breakAfterReveals: 60,
      position: '1046',
    }),
  })
  showOwnExposure(@Context() { actor }: Context): Promise<OwnExposureAnswer> {
    return this.queries.execute(new ShowOwnExposure(actor.id));
  }
}
