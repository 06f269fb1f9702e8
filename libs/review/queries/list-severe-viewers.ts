import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, instant, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { severeViewersStream } from '../severe-viewers.js';
import { LEADS } from './reviewing-roles.js';

const SevereViewersAnswer = closed({
  items: list(
    closed({
      person: text('The lead.'),
      since: instant('Since when.'),
      by: text('The administrator who granted it.'),
      reason: text('Why.'),
    }),
    'Who may look at images of cases that name a clause of the highest severity.',
  ),
  position: position('The position of the last change; 0 without one.'),
});
export type SevereViewersAnswer = Static<typeof SevereViewersAnswer>;

export class ListSevereViewers extends Query<SevereViewersAnswer> {}

@QueryHandler(ListSevereViewers)
export class ListSevereViewersHandler implements IQueryHandler<ListSevereViewers> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute(): Promise<SevereViewersAnswer> {
    const { state, position } = await this.transactor.load(severeViewersStream, undefined);
    const items = [...state.values()].map(({ person, since, by, reason }) => ({ person, since, by, reason }));
    return { items, position: String(position) };
  }
}

@Controller('v1/severe-viewers')
export class ListSevereViewersController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @Roles(...LEADS, 'compliance')
  @Operation('The leads who may look at images of cases that name a clause of the highest severity', {
    answer: answer('SevereViewers', 'The leads.', SevereViewersAnswer, {
      items: [{ person: 'lead-1', since: '2022-05-19T09:00:00.000Z', by: 'ada', reason: 'trained for it' }],
      position: '1040',
    }),
  })
  listSevereViewers(): Promise<SevereViewersAnswer> {
    return this.queries.execute(new ListSevereViewers());
  }
}
