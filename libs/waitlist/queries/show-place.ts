import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsEntityId } from '../../http/field-rules.js';
import { closed, count, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { NotFound } from '../../kernel/errors.js';
import { roundedPlace } from '../place.js';
import { waitlistEntriesView } from '../views/waitlist-entries.js';
import { WAITLIST_STATUSES, Waitlist } from './waitlist.js';

const PlaceAnswer = closed({
  accountId: text('The account.'),
  status: oneOf(WAITLIST_STATUSES, 'Its status.'),
  placeUpTo: orNull(
    count('It is among the first so many of its class: rounded up to two digits. Null if it does not wait.'),
  ),
  position: position('The position that the view has reached.'),
});
export type PlaceAnswer = Static<typeof PlaceAnswer>;

export class ShowPlace extends Query<Omit<PlaceAnswer, 'position'>> {
  @IsEntityId('The account.')
  accountId!: string;
}

@QueryHandler(ShowPlace)
export class ShowPlaceHandler implements IQueryHandler<ShowPlace> {
  constructor(@Inject(Waitlist) private readonly waitlist: Waitlist) {}

  async execute({ accountId }: ShowPlace): Promise<Omit<PlaceAnswer, 'position'>> {
    const found = await this.waitlist.ahead(accountId);
    if (!found) throw new NotFound('account-unknown', `account ${accountId} never joined the waitlist; check the id`);
    return { accountId, status: found.status, placeUpTo: found.ahead === null ? null : roundedPlace(found.ahead) };
  }
}

@Controller('v1/waitlist')
export class ShowPlaceController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':accountId/place')
  @FromViews(waitlistEntriesView)
  @AsOf()
  @Roles('service', 'operator', 'compliance', 'administrator')
  @Operation('The place of an account in the line of its class, for the person who asks for it', {
    description:
      'Rounded, so that it reveals nothing about others. It is no promise: operators set how the classes share cohorts.',
    answer: answer('WaitlistPlace', 'Its place.', PlaceAnswer, {
      accountId: 'acc-1',
      status: 'waiting',
      placeUpTo: 1300,
      position: '4711',
    }),
    refusals: { 404: ['account-unknown'] },
  })
  showPlace(@Param() query: ShowPlace): Promise<Omit<PlaceAnswer, 'position'>> {
    return this.queries.execute(query);
  }
}
