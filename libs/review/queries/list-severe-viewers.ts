import { Controller, Get, Inject, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, instant, list, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { AsOfQuery, streamAsOf } from '../../http/stream-as-of.js';
import type { Clock } from '../../kernel/clock.js';
import { foldRecorded, lastChange } from '../../kernel/decider.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
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

export class ListSevereViewers extends Query<SevereViewersAnswer> {
  constructor(readonly asOf?: string) {
    super();
  }
}

@QueryHandler(ListSevereViewers)
export class ListSevereViewersHandler implements IQueryHandler<ListSevereViewers> {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(LogEpoch) readonly epoch: LogEpoch,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  /** @throws InvalidInput, PositionGone */
  async execute({ asOf }: ListSevereViewers): Promise<SevereViewersAnswer> {
    const { events } = await streamAsOf(severeViewersStream.category, asOf, this);
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
  listSevereViewers(@QueryParameters() { asOf }: AsOfQuery): Promise<SevereViewersAnswer> {
    return this.queries.execute(new ListSevereViewers(asOf));
  }
}
