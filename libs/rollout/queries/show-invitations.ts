import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler, Query as QueryOf } from '@nestjs/cqrs';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsShortId } from '../../http/field-rules.js';
import { page } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Page, PageQuery } from '../../http/paging.js';
import { placesOf } from '../held-places.js';
import { invitationBatchesView } from '../views/invitation-batches.js';
import { unknownBatch } from '../withdraw-invitations.js';
import { BatchList, InvitationsAnswer, invitationsExample, statusOf } from './batch-list.js';
import { HeldBatches, type KnownBatch } from './held-batches.js';

export class ListInvitations extends PageQuery<Page<InvitationsAnswer>> {}

@QueryHandler(ListInvitations)
export class ListInvitationsHandler implements IQueryHandler<ListInvitations> {
  constructor(@Inject(BatchList) private readonly batches: BatchList) {}

  execute({ limit, cursor }: ListInvitations): Promise<Page<InvitationsAnswer>> {
    return this.batches.page(limit, cursor);
  }
}

export class ShowInvitations extends QueryOf<InvitationsAnswer> {
  @IsShortId('The batch.')
  batchId!: string;
}

@QueryHandler(ShowInvitations)
export class ShowInvitationsHandler implements IQueryHandler<ShowInvitations> {
  constructor(
    @Inject(BatchList) private readonly batches: BatchList,
    @Inject(HeldBatches) private readonly held: HeldBatches,
  ) {}

  /** @throws NotFound batch-unknown */
  async execute({ batchId }: ShowInvitations): Promise<InvitationsAnswer> {
    const batch = await this.batches.find(batchId);
    if (batch) return batch;
    // The view may lag behind a batch that was acknowledged a moment ago.
    const known = await this.held.find(batchId);
    if (!known) throw unknownBatch(batchId);
    return fromRollout(known);
  }
}

/** Without what only the view counts. */
function fromRollout({ event, held, withdrawn }: KnownBatch): InvitationsAnswer {
  const { batchId, size, selection, until, at } = event.data;
  return {
    ...{ batchId, selection, places: size, held: held ? placesOf(held) : 0 },
    status: statusOf({ isWithdrawn: withdrawn !== undefined, isOver: !held }),
    ...{ sent: 0, accepted: 0, expired: 0, withdrawn: 0, admitted: held?.admitted ?? 0, heldAt: at, until },
    withdrawal: withdrawn
      ? { by: withdrawn.metadata.actor.id, at: withdrawn.metadata.time, reason: withdrawn.data.reason }
      : null,
    position: '0',
  };
}

@Controller('v1/invitations')
export class ShowInvitationsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(invitationBatchesView)
  @AsOf()
  @Roles('operator', 'administrator', 'compliance')
  @Operation('Batches of invitations, the newest first', {
    answer: answer('InvitationsPage', 'A page of batches.', page(InvitationsAnswer, 'The batches.'), {
      items: [invitationsExample],
    }),
  })
  listInvitations(@Query() query: ListInvitations): Promise<Page<InvitationsAnswer>> {
    return this.queries.execute(query);
  }

  @Get(':batchId')
  @FromViews(invitationBatchesView)
  @AsOf()
  @Roles('operator', 'administrator', 'compliance')
  @Operation('A batch of invitations: the places that it holds, and what became of the invitations', {
    answer: answer('Invitations', 'The batch.', InvitationsAnswer, invitationsExample),
    refusals: { 404: ['batch-unknown'] },
  })
  showInvitations(@Param() query: ShowInvitations): Promise<InvitationsAnswer> {
    return this.queries.execute(query);
  }
}
