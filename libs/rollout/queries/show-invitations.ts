import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsName } from '../../http/field-rules.js';
import { closed, count, instant, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { AsOfQuery, streamAsOf } from '../../http/stream-as-of.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import { NotFound } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { batchOf, placesOf } from '../held-places.js';
import { rolloutStream } from '../rollout.js';

export const InvitationsAnswer = closed({
  batchId: text('The batch.'),
  status: oneOf(['open', 'decided'], 'Whether it may still hold places.'),
  held: count('The places that it holds now.'),
  admitted: orNull(count('The people who accepted and were admitted with a cohort; null once it is decided.')),
  until: orNull(instant('Until when its accounts can accept; null once it is decided.')),
  position: position('The position of the last event included.'),
});
export type InvitationsAnswer = Static<typeof InvitationsAnswer>;

export class ShowInvitationsParam {
  @IsName('The batch.')
  batchId!: string;
}

export class ShowInvitations extends Query<InvitationsAnswer> {
  constructor(
    readonly batchId: string,
    readonly asOf?: string,
  ) {
    super();
  }
}

@QueryHandler(ShowInvitations)
export class ShowInvitationsHandler implements IQueryHandler<ShowInvitations> {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(LogEpoch) readonly epoch: LogEpoch,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  /** @throws InvalidInput, PositionGone; NotFound batch-unknown */
  async execute({ batchId, asOf }: ShowInvitations): Promise<InvitationsAnswer> {
    const { events } = await streamAsOf(rolloutStream.category, asOf, this);
    const { held } = foldRecorded(rolloutStream, events);
    const last = String(events.at(-1)?.position ?? 0);
    const batch = batchOf(held, batchId);
    if (batch) {
      const { admitted, until } = batch;
      const open = { held: placesOf(batch), admitted: admitted.length, until: toIso(until) };
      return { batchId, status: 'open', ...open, position: last };
    }
    if (!held.freed.includes(batchId)) {
      throw new NotFound('batch-unknown', `there is no batch of invitations ${batchId}; check the id`);
    }
    return { batchId, status: 'decided', held: 0, admitted: null, until: null, position: last };
  }
}

@Controller('v1/invitations')
export class ShowInvitationsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':batchId')
  @FromLog()
  @Roles('operator', 'administrator', 'compliance')
  @Operation('A batch of invitations: the places that it holds, and the people who came in', {
    answer: answer('Invitations', 'The batch.', InvitationsAnswer, {
      batchId: 'spring',
      status: 'open',
      held: 1,
      admitted: 1,
      until: '2022-05-25T09:00:00.000Z',
      position: '1043',
    }),
    refusals: { 404: ['batch-unknown'] },
  })
  showInvitations(
    @Param() { batchId }: ShowInvitationsParam,
    @QueryParameters() { asOf }: AsOfQuery,
  ): Promise<InvitationsAnswer> {
    return this.queries.execute(new ShowInvitations(batchId, asOf));
  }
}
