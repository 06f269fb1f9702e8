import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import type { EventStore } from '../../event-store/event-store.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { closed, history, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { ownersOf } from '../../images/index.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { foldRecorded, isUsable } from '../../kernel/decider.js';
import { NotFound } from '../../kernel/errors.js';
import type { Pool } from '../../platform/database/database.js';
import { CLOCK, EVENT_STORE, POOL } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { ownerOf } from '../conflict-of-interest.js';
import { CASE_ID, caseFields, verdictFields } from './case-fields.js';

const CaseAnswer = closed({
  ...caseFields,
  flaggers: list(Type.String(), 'Who flagged, up to the limit of flags of a case; none of them may review it.'),
  claim: orNull(closed({ reviewer: text('The reviewer who claimed it.'), until: instant('When the claim ends.') })),
  verdicts: list(closed(verdictFields), 'The verdicts so far.'),
  position: position('The position of the case’s last event.'),
  history,
});
export type CaseAnswer = Static<typeof CaseAnswer>;

export class ShowCase extends IdQuery<CaseAnswer> {}

/** Reads the case's own stream, so that callers see their own writes at once. */
@QueryHandler(ShowCase)
export class ShowCaseHandler implements IQueryHandler<ShowCase> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ id: caseId }: ShowCase): Promise<CaseAnswer> {
    const events = await this.store.readStream(`${caseStream.category}-${caseId}`);
    const state = foldRecorded(caseStream, events);
    if (state.status === 'none') {
      throw new NotFound('case-unknown', `there is no case ${caseId}; a flag on an image opens the case of its id`);
    }
    const { imageId, status, round, panelSize, flaggers, categories, verdicts } = state;
    const owners = await ownersOf(this.pool, [imageId]);
    const claim = state.claim && this.clock.now() < state.claim.until ? state.claim : undefined;
    return {
      caseId,
      imageId,
      accountId: ownerOf(state, { owner: owners.get(imageId) }) ?? null,
      status: status === 'open' && claim ? 'claimed' : status,
      round,
      panelSize,
      flaggers: [...flaggers].sort(),
      categories: [...categories].sort(),
      claim: claim ? { reviewer: claim.reviewer, until: toIso(claim.until) } : null,
      verdicts: [...verdicts],
      position: String(events.at(-1)!.position),
      history: events.filter(isUsable).map(({ position: place, type, metadata: { time, actor } }) => ({
        position: String(place),
        type,
        time,
        actor,
      })),
    };
  }
}

@Controller('v1/cases')
export class ShowCaseController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @Roles('reviewer', 'administrator', 'operator', 'compliance', 'service')
  @Operation('The current state of a case, and its history', {
    description: 'Folded from the case’s own events, so that callers see their own writes at once.',
    fields: { id: CASE_ID },
    answer: answer('Case', 'The case.', CaseAnswer),
    refusals: { 404: ['case-unknown'] },
  })
  showCase(@Param() query: ShowCase): Promise<CaseAnswer> {
    return this.queries.execute(query);
  }
}
