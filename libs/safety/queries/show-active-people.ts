import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { type Static, Type } from 'typebox';
import { accountStandingView } from '../../account/index.js';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsDay, IsEntityId, Means } from '../../http/field-rules.js';
import { closed, count, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { InvalidInput } from '../../kernel/errors.js';
import { activePeopleView } from '../views/active-people.js';
import { safetyImagesView } from '../views/safety-images.js';
import { ACTIVE_GROUPINGS, ActivePeopleReport } from './active-people-report.js';
import { MAX_GROUPS } from './groupings.js';

const BY_DAY = 'day';

const rate = (description: string) => Type.Number({ description });

export const ActivePeopleAnswer = closed({
  by: oneOf(ACTIVE_GROUPINGS, 'How they are grouped.'),
  groups: list(
    closed({
      group: orNull(
        text('A day as `2022-05-18`, an ISO week as `2022-W20`, or a cohort; null for accounts of no cohort.'),
      ),
      people: count('Distinct accounts that generated an image.'),
      images: closed(
        {
          generated: count('Generated.'),
          exposed: count('Shared publicly or downloaded for the first time.'),
          flagged: count('Flagged for the first time.'),
          confirmed: count('Of those flagged, confirmed.'),
        },
        'Distinct images of these days or weeks, or of people of the cohort, each by when that happened.',
      ),
      perPerson: closed(
        {
          generated: rate('Images generated.'),
          exposed: rate('Images exposed.'),
          flagged: rate('Images flagged.'),
          confirmed: rate('Violations that were confirmed.'),
        },
        'The same divided by `people`.',
      ),
    }),
    `Days and weeks in order, without those on which nobody was active, or cohorts; the first ${MAX_GROUPS}.`,
  ),
  position: position('The figures include all events up to this position.'),
});
export type ActivePeopleAnswer = Static<typeof ActivePeopleAnswer>;

const example: ActivePeopleAnswer = {
  by: BY_DAY,
  groups: [
    {
      ...{ group: '2022-05-18', people: 800 },
      images: { generated: 16_000, exposed: 4_000, flagged: 8, confirmed: 2 },
      perPerson: { generated: 20, exposed: 5, flagged: 0.01, confirmed: 0.0025 },
    },
  ],
  position: '1042',
};

export class ShowActivePeople extends Query<Omit<ActivePeopleAnswer, 'position'>> {
  @Means('How to group them; `day` by default.')
  @IfGiven()
  @IsIn(ACTIVE_GROUPINGS)
  by?: (typeof ACTIVE_GROUPINGS)[number];

  @IfGiven()
  @IsDay('The first day, of the events’ own times in UTC; required with `by=cohort`.')
  from?: string;

  @IfGiven()
  @IsDay('The last day.')
  to?: string;

  @IfGiven()
  @IsEntityId('Only people of this cohort, by day or week.')
  cohort?: string;
}

@QueryHandler(ShowActivePeople)
export class ShowActivePeopleHandler implements IQueryHandler<ShowActivePeople> {
  constructor(@Inject(ActivePeopleReport) private readonly report: ActivePeopleReport) {}

  async execute(query: ShowActivePeople): Promise<Omit<ActivePeopleAnswer, 'position'>> {
    const { by = BY_DAY, from, to, cohort } = query;
    return { by, ...(await this.report.read({ by, from, to, cohort })) };
  }
}

@Controller('v1/metrics/active-people')
export class ActivePeopleController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(activePeopleView, accountStandingView, safetyImagesView)
  @AsOf()
  @Roles('lead', 'operator', 'compliance', 'service', 'administrator')
  @Operation(
    'How many people are active: distinct accounts that generated an image, by day, ISO week or cohort, and their images',
    {
      description:
        'Exact: an account counts once in a day, a week, or the days from `from` to `to` of a cohort. A week counts whole, unless a `cohort` is given: then only its days from `from` to `to` count. Those of a cohort are counted at each call, from the images of these days, or of all days without `from`: ask for them every minute rather than every second.',
      answer: answer('ActivePeople', 'The figures.', ActivePeopleAnswer, example),
    },
  )
  showActivePeople(@QueryParameters() query: ShowActivePeople): Promise<Omit<ActivePeopleAnswer, 'position'>> {
    if (query.by === 'cohort' && query.from === undefined)
      throw new InvalidInput([{ field: 'from', message: 'is required with by=cohort' }]);
    if (query.by === 'cohort' && query.cohort !== undefined)
      throw new InvalidInput([{ field: 'cohort', message: 'requires by=day or by=week' }]);
    return this.queries.execute(query);
  }
}
