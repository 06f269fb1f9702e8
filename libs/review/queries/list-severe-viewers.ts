import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, instant, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { foldRecorded, lastChange } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { severeViewersStream } from '../severe-viewers.js';
import { LEADS } from './reviewing-roles.js';

const SevereViewersAnswer = closed({
  items: list(
    closed({
      person: text('The reviewer.'),
      since: instant('Since when.'),
      by: text('The administrator who granted it.'),
      reason: text('Why.'),
    }),
    'The reviewers with the skill `severe`.',
  ),
  etag: text('Also the header `ETag`. Send it as `If-Match` to change the list only if nobody has changed it since.'),
  position: position('The position of the last change; 0 without one.'),
});
export type SevereViewersAnswer = Static<typeof SevereViewersAnswer>;

export class ListSevereViewers extends Query<SevereViewersAnswer> {}

@QueryHandler(ListSevereViewers)
export class ListSevereViewersHandler implements IQueryHandler<ListSevereViewers> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  async execute(): Promise<SevereViewersAnswer> {
    const events = await this.store.readStream(severeViewersStream.category);
    const state = foldRecorded(severeViewersStream, events);
    const changedAt = lastChange(severeViewersStream, events);
    const items = [...state.viewers.values()].map(({ person, since, by, reason }) => ({ person, since, by, reason }));
    return { items, etag: entityTagOf(changedAt, this.epoch.current), position: String(changedAt) };
  }
}

@Controller('v1/severe-viewers')
export class ListSevereViewersController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @AsOf()
  @Roles(...LEADS, 'compliance')
  @Operation(
    'Who has the skill `severe`, and so may see the images of cases that name a clause of the highest severity',
    {
      answer: answer('SevereViewers', 'The reviewers.', SevereViewersAnswer, {
        items: [{ person: 'rev-1', since: '2022-05-19T09:00:00.000Z', by: 'ada', reason: 'trained for it' }],
        etag: '"9c1f03ab55d2-1040"',
        position: '1040',
      }),
    },
  )
  listSevereViewers(): Promise<SevereViewersAnswer> {
    return this.queries.execute(new ListSevereViewers());
  }
}
