import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsDay } from '../../http/field-rules.js';
import { closed, count, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { safetyImagesView } from '../views/safety-images.js';
import { PrevalenceReport } from './prevalence-report.js';

const estimate = (description: string) =>
  orNull(
    closed(
      {
        value: Type.Number({ description: 'The estimate.' }),
        low: Type.Number({ description: 'Lower end of its 95% interval.' }),
        high: Type.Number({ description: 'Upper end.' }),
      },
      `${description}; null until an image of the sample is decided.`,
    ),
  );

export const PrevalenceAnswer = closed({
  from: orNull(
    text('The first day of the images that count, by their first exposure; null before any image was chosen.'),
  ),
  to: orNull(text('The last day; null without an end.')),
  exposed: count('Distinct images shared publicly or downloaded.'),
  flaggedBefore: count('Of these, flagged before they were first exposed. All of them are reviewed.'),
  confirmed: count('Exposed images that are confirmed, whatever led to their case.'),
  confirmedFlagged: count('Of these, flagged by anybody.'),
  confirmedDetected: count('Of these, flagged by a detector.'),
  sample: closed(
    {
      chosen: count('Chosen to be reviewed, also if somebody flagged them later.'),
      decided: count('Of these, decided.'),
      unsafe: count('Of these, confirmed.'),
      skipped: count('Chosen while too many waited, and left out of the estimate, flagged or not.'),
    },
    'The images that were chosen at random, of those that nobody had flagged when they were first exposed.',
  ),
  unflaggedViolations: estimate('Violations among the images that nobody had flagged when they were first exposed'),
  prevalence: estimate('The share of exposed images that violate the content policy'),
  flagRecall: estimate('The share of the violations that flags found'),
  detectorRecall: estimate('The share of the violations that detectors flagged'),
  position: position('The figures include all events up to this position.'),
});
export type PrevalenceAnswer = Static<typeof PrevalenceAnswer>;

export const prevalenceExample: PrevalenceAnswer = {
  from: '2022-05-18',
  to: null,
  exposed: 1_000_000,
  flaggedBefore: 0,
  confirmed: 151,
  confirmedFlagged: 150,
  confirmedDetected: 90,
  sample: { chosen: 5_100, decided: 5_000, unsafe: 2, skipped: 0 },
  unflaggedViolations: { value: 400, low: 48.4, high: 1_444 },
  prevalence: { value: 0.0004, low: 0.000151, high: 0.001444 },
  flagRecall: { value: 0.375, low: 0.1039, high: 0.9934 },
  detectorRecall: { value: 0.225, low: 0.0623, high: 0.596 },
  position: '1042',
};

export class ShowPrevalence extends Query<Omit<PrevalenceAnswer, 'position'>> {
  @IfGiven()
  @IsDay('The first day of the images that count, by their first exposure; that of the first chosen one by default.')
  from?: string;

  @IfGiven()
  @IsDay('The last day. Give it for a time after which nothing was chosen any more.')
  to?: string;
}

@QueryHandler(ShowPrevalence)
export class ShowPrevalenceHandler implements IQueryHandler<ShowPrevalence> {
  constructor(@Inject(PrevalenceReport) private readonly report: PrevalenceReport) {}

  async execute({ from, to }: ShowPrevalence): Promise<Omit<PrevalenceAnswer, 'position'>> {
    const {
      counts,
      sample,
      estimate: found,
      ...period
    } = await this.report.read({
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    });
    return {
      from: period.from,
      to: period.to,
      exposed: counts.exposed,
      flaggedBefore: counts.flaggedBefore,
      confirmed: counts.confirmed,
      confirmedFlagged: counts.confirmedFlagged,
      confirmedDetected: counts.confirmedDetected,
      sample,
      unflaggedViolations: found?.unflaggedViolations ?? null,
      prevalence: found?.prevalence ?? null,
      flagRecall: found?.flagRecall ?? null,
      detectorRecall: found?.detectorRecall ?? null,
    };
  }
}

@Controller('v1/metrics/prevalence')
export class PrevalenceController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(safetyImagesView)
  @AsOf()
  @Roles('lead', 'operator', 'compliance', 'administrator')
  @Operation('How many exposed images violate the content policy, and how many of them flags and detectors find', {
    description:
      'Estimated from the images that `PUT /v1/review-sampling` has chosen at random (`prevalencePerMillion`). Images that were flagged before they were first exposed are counted; the others are estimated, by the exact interval of Clopper and Pearson.',
    answer: answer('Prevalence', 'The figures.', PrevalenceAnswer, prevalenceExample),
  })
  showPrevalence(@QueryParameters() query: ShowPrevalence): Promise<Omit<PrevalenceAnswer, 'position'>> {
    return this.queries.execute(query);
  }
}
