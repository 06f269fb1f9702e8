import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AsOf, FromViews } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import {
  closed,
  count,
  history,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { imagesView, ownersOf } from '../../images/index.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { foldRecorded, isUsable } from '../../kernel/decider.js';
import type { Actor } from '../../kernel/envelope.js';
import { NotFound } from '../../kernel/errors.js';
import type { Pool } from '../../platform/database/database.js';
import { CLOCK, EVENT_STORE, POOL } from '../../platform/ports.js';
import { rowAfter } from '../../projections/view.js';
import { queryView, ViewNotBuilt } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { caseStream } from '../case.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { CaseRouted, PRIORITY_PARTS } from '../routing-events.js';
import { casesView } from '../views/cases.js';
import { CaseEntries, CaseEntry } from './case-entry.js';
import { agePart, CASE_ID } from './case-fields.js';
import { REVIEWERS, seesGolden } from './reviewing-roles.js';
import { ShownFlags } from './shown-flags.js';
import { shownType, visibleDecision, visibleHistory, visibleReview } from './visible-review.js';

const CaseAnswer = closed({
  ...CaseEntry.properties,
  flaggers: list(
    Type.String(),
    'Who flagged, up to the limit of flags of a case; none of them may review it. For reviewers, names that stand for them in this case.',
  ),
  claim: orNull(
    closed({
      reviewer: text('The reviewer who claimed it.'),
      until: instant('When the claim ends.'),
      token: orNull(count('The fencing token of the claim, for that reviewer only.')),
    }),
  ),
  priorityParts: list(
    closed({
      part: oneOf([...PRIORITY_PARTS, 'age'], 'What the points are for.'),
      points: count('Points.'),
      of: count('The most points that this part can have.'),
      because: text('Why it has these points.'),
    }),
    'What the priority consists of: the parts as of the routing, and the age as of now, which alone counts until the case is routed.',
  ),
  decidesAt: orNull(instant('When the verdicts of a complete panel are final, while one can be taken back.')),
  position: position('The position of the case’s last event that the caller may see.'),
  history,
});
export type CaseAnswer = Static<typeof CaseAnswer>;

export class ShowCase extends IdQuery<CaseAnswer> {
  declare readonly reader: Actor;
}

/** Shows the case as a list does, from the case's own stream, so that callers see their own writes at once. */
@QueryHandler(ShowCase)
export class ShowCaseHandler implements IQueryHandler<ShowCase> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ShownFlags) private readonly shown: ShownFlags,
    @Inject(CaseEntries) private readonly entries: CaseEntries,
  ) {}

  async execute({ id: caseId, reader }: ShowCase): Promise<CaseAnswer> {
    const events = await this.store.readStream(`${caseStream.category}-${caseId}`);
    const state = foldRecorded(caseStream, events);
    if (state.status === 'none' || (state.origin === 'golden' && !seesGolden(reader))) {
      throw new NotFound('case-unknown', `there is no case ${caseId}; a flag on an image opens the case of its id`);
    }
    const [owners, received, { state: rules }] = await Promise.all([
      ownersOf(this.pool, [state.imageId]),
      this.flagsReceived(caseId),
      this.transactor.load(reviewSettingsStream, undefined),
    ]);
    const now = this.clock.now();
    const waiting = { patienceHours: rules.patienceHours, now };
    const seen = visibleHistory(events, state, reader, now);
    const decidesAt = visibleDecision(state, reader, now);
    const row = rowAfter(casesView, caseId, events)!;
    const counted = { ...row, flags_received: Math.max(received, row.flags_received) };
    return {
      ...this.entries.of(counted, owners.get(state.imageId), reader, waiting),
      claim: visibleReview(state, reader, now).claim,
      priorityParts: [
        ...(events.findLast((event) => isOf(CaseRouted, event))?.data.parts ?? []),
        agePart(state, waiting),
      ],
      flaggers: this.shown.flaggersOf(caseId, state, reader),
      decidesAt: decidesAt === undefined ? null : toIso(decidesAt),
      position: String(seen.at(-1)!.position),
      history: seen.filter(isUsable).map((event) => ({
        position: String(event.position),
        type: shownType(event, reader),
        time: event.metadata.time,
        actor: event.metadata.actor,
      })),
    };
  }

  /** Flags that changed nothing are in no event of the case: the view counts them. */
  private async flagsReceived(caseId: string): Promise<number> {
    try {
      const text = `SELECT flags_received FROM ${viewTable(casesView)} WHERE case_id = $1`;
      return (await queryView(this.pool, { text, values: [caseId] })).rows[0]?.flags_received ?? 0;
    } catch (error) {
      if (error instanceof ViewNotBuilt) return 0;
      throw error;
    }
  }
}

@Controller('v1/cases')
export class ShowCaseController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromViews(casesView, imagesView)
  @AsOf({ notFor: ['reviewer'] })
  @Roles(...REVIEWERS, 'operator', 'compliance', 'service')
  @Operation('The current state of a case, and its history', {
    description: 'Folded from the case’s own events, so that callers see their own writes at once.',
    fields: { id: CASE_ID },
    answer: answer('Case', 'The case.', CaseAnswer),
    refusals: { 404: ['case-unknown'] },
  })
  showCase(@Param() query: ShowCase, @Context() { actor: reader }: Context): Promise<CaseAnswer> {
    return this.queries.execute(Object.assign(query, { reader }));
  }
}
