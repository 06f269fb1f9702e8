import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { FromViews } from '../../context/from-views.js';
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
import type { Actor, RecordedEvent } from '../../kernel/envelope.js';
import { NotFound } from '../../kernel/errors.js';
import type { Pool } from '../../platform/database/database.js';
import { CLOCK, EVENT_STORE, POOL } from '../../platform/ports.js';
import { caseStream } from '../case.js';
import { ownerOf } from '../conflict-of-interest.js';
import { ModelProblemFound, ReviewConfirmed, ReviewDismissed } from '../events.js';
import { GoldenCaseAnswered, GoldenCaseWithdrawn } from '../golden-events.js';
import { reviewSettingsStream } from '../queue-rules.js';
import { CaseRouted, PRIORITY_PARTS } from '../routing-events.js';
import { casesView } from '../views/cases.js';
import {
  agePart,
  CASE_ID,
  caseFields,
  originField,
  originFor,
  placeOf,
  VISIBLE,
  verdictFields,
} from './case-fields.js';
import { REVIEWERS, seesGolden } from './reviewing-roles.js';
import { ShownFlags } from './shown-flags.js';
import { shownType, visibleDecision, visibleHistory, visibleReview } from './visible-review.js';

const CaseAnswer = closed({
  ...caseFields,
  ...originField,
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
  decidedAt: orNull(instant('When it was decided; null while it is open.')),
  verdicts: list(closed(verdictFields), VISIBLE),
  position: position('The position of the case’s last event that the caller may see.'),
  history,
});
export type CaseAnswer = Static<typeof CaseAnswer>;

export class ShowCase extends IdQuery<CaseAnswer> {
  declare readonly reader: Actor;
}

const DECISIONS = [ReviewConfirmed, ReviewDismissed, ModelProblemFound, GoldenCaseAnswered, GoldenCaseWithdrawn];
/** An appeal that is granted leaves the time of the decision that it overturns. */
const isDecision = (event: RecordedEvent): boolean => DECISIONS.some((definition) => isOf(definition, event));

/** Reads the case's own stream, so that callers see their own writes at once. */
@QueryHandler(ShowCase)
export class ShowCaseHandler implements IQueryHandler<ShowCase> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ShownFlags) private readonly shown: ShownFlags,
  ) {}

  async execute({ id: caseId, reader }: ShowCase): Promise<CaseAnswer> {
    const events = await this.store.readStream(`${caseStream.category}-${caseId}`);
    const state = foldRecorded(caseStream, events);
    if (state.status === 'none' || (state.origin === 'golden' && !seesGolden(reader))) {
      throw new NotFound('case-unknown', `there is no case ${caseId}; a flag on an image opens the case of its id`);
    }
    const { imageId, round, panelSize, origin, categories, isEscalated } = state;
    const owners = await ownersOf(this.pool, [imageId]);
    const now = this.clock.now();
    const { state: rules } = await this.transactor.load(reviewSettingsStream, undefined);
    const waiting = { patienceHours: rules.patienceHours, now };
    const { verdict: _, ...visible } = visibleReview(state, reader, now);
    const seen = visibleHistory(events, state, reader, now);
    const decidesAt = visibleDecision(state, reader, now);
    return {
      caseId,
      imageId,
      accountId: ownerOf(state, { owner: owners.get(imageId) }) ?? null,
      ...visible,
      ...originFor(origin, reader),
      round,
      panelSize,
      isEscalated,
      ...placeOf(state, waiting),
      priorityParts: [
        ...(events.findLast((event) => isOf(CaseRouted, event))?.data.parts ?? []),
        agePart(state, waiting),
      ],
      flaggers: this.shown.flaggersOf(caseId, state, reader),
      categories: [...categories].sort(),
      decidesAt: decidesAt === undefined ? null : toIso(decidesAt),
      decidedAt: state.status === 'open' ? null : (events.findLast(isDecision)?.metadata.time ?? null),
      verdictsGiven: visible.verdicts.length,
      position: String(seen.at(-1)!.position),
      history: seen.filter(isUsable).map((event) => ({
        position: String(event.position),
        type: shownType(event, reader),
        time: event.metadata.time,
        actor: event.metadata.actor,
      })),
    };
  }
}

@Controller('v1/cases')
export class ShowCaseController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromViews(casesView, imagesView)
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
