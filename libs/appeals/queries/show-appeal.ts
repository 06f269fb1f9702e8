import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { AuditTrail } from '../../audit/index.js';
import { AsOf, FromLog } from '../../context/from-views.js';
import { enforcementStream, MEASURES } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { readPersonal } from '../../event-store/read-personal.js';
import { Transactor } from '../../event-store/transact.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import {
  closed,
  count,
  flag,
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
import { type Clock, toIso } from '../../kernel/clock.js';
import { belongsTo, foldRecorded } from '../../kernel/decider.js';
import { earlierMoment } from '../../kernel/earlier-moment.js';
import type { Actor, RecordedEvent } from '../../kernel/envelope.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { appealStream, refuseUnknown } from '../appeal.js';
import {
  AppealClaimed,
  AppealDenied,
  AppealFiled,
  AppealGranted,
  AppealLapsed,
  AppealPartlyGranted,
} from '../events.js';
import { APPEAL_ID, appealFields, conflictField, HEARERS, isLead, isService } from './appeal-fields.js';
import { Hearers } from './hearers.js';
import { appealExample } from './list-appeals.js';

export const AppealAnswer = closed({
  ...appealFields,
  text: orNull(
    text('What the person wrote, for the reviewer who has claimed the appeal. Null for others, and once erased.'),
  ),
  isErased: flag('Whether the text can’t be read any more, since the person was erased.'),
  hearers: orNull(
    list(
      closed({
        person: text('Who may hear appeals, by the roles of their tokens.'),
        conflict: conflictField('Why they may not hear this one; null if they may.'),
      }),
      'For leads, of an open appeal: to whom it may go. People without a token, who sign in elsewhere, are not among them. Otherwise null.',
    ),
  ),
  token: orNull(count('The fencing token of the claim, for that reviewer only.')),
  measure: closed(
    {
      measure: oneOf(MEASURES, 'What was ordered.'),
      action: orNull(text('The action that a restriction denies.')),
      until: orNull(instant('When the restriction or the suspension ends.')),
      clause: orNull(text('The clause that was violated.')),
      categories: list(Type.String(), 'The categories of the violation.'),
      status: oneOf(['ordered', 'completed', 'reversed'], 'Whether it was carried out, or an appeal undid it.'),
    },
    'What it is about, as it is now.',
  ),
  history,
  position: position('The position of its last event.'),
});
export type AppealAnswer = Static<typeof AppealAnswer>;

export class ShowAppeal extends IdQuery<AppealAnswer> {
  declare readonly context: Context;
}

/** Reads the streams themselves, so that it is exact at the moment of the request. */
@QueryHandler(ShowAppeal)
export class ShowAppealHandler implements IQueryHandler<ShowAppeal> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Hearers) private readonly hearers: Hearers,
  ) {}

  async execute({ id, context }: ShowAppeal): Promise<AppealAnswer> {
    const { actor } = context;
    const [events, { state: enforcement }] = await Promise.all([
      this.store.readStream(`${appealStream.category}-${id}`),
      this.transactor.load(enforcementStream, id),
    ]);
    const state = foldRecorded(appealStream, events);
    refuseUnknown(state, id);
    const filed = events.findLast((event) => isOf(AppealFiled, event))! as RecordedOf<typeof AppealFiled>;
    const decision = state.status === 'open' ? undefined : events.findLast(isEnd);
    const lasting = <Until extends { until: number }>(one?: Until) =>
      one && this.clock.now() < one.until ? one : undefined;
    const claim = lasting(state.claim);
    const reserved = isService(actor) ? undefined : lasting(state.reserved);
    const isOwn = hasNow(actor, claim);
    const { order, status } = enforcement;
    const personal = await readPersonal(this.keys, filed, AppealFiled, 'text');
    // Who reads what a person wrote is recorded first.
    if (isOwn && personal.text !== null)
      await this.audit.record(
        { type: 'ContentViewed', data: { appealId: id, level: 'appeal', reason: 'hears the appeal' } },
        context,
      );
    return {
      appealId: id,
      accountId: state.accountId,
      caseId: state.caseId ?? null,
      number: state.number,
      hasNewEvidence: filed.data.hasNewEvidence,
      status: state.status === 'none' ? 'open' : state.status,
      filedAt: filed.metadata.time,
      dueAt: filed.data.dueAt,
      isOverdue: state.status === 'open' && this.clock.now() >= state.dueAt,
      firstClaimedAt: isService(actor) ? null : firstClaimed(events, filed),
      claimedBy: isService(actor) ? null : (claim?.reviewer ?? null),
      claimedUntil: isService(actor) || !claim ? null : toIso(claim.until),
      reservedFor: reserved?.reviewer ?? null,
      reservedUntil: reserved ? toIso(reserved.until) : null,
      ...decisionOf(decision, isService(actor)),
      text: isOwn ? personal.text : null,
      isErased: personal.isErased,
      hearers: state.status === 'open' ? await this.hearersFor(actor, id) : null,
      token: isOwn ? claim!.token : null,
      measure: {
        measure: order?.measure ?? 'strike',
        action: order?.action ?? null,
        until: order?.until ?? null,
        clause: order?.clause ?? null,
        categories: order?.categories ?? [],
        status: status === 'none' ? 'ordered' : status,
      },
      history: isService(actor)
        ? []
        : events
            .filter((event) => belongsTo(appealStream, event))
            .map(({ position, type, metadata }) => ({
              position: String(position),
              type,
              time: metadata.time,
              actor: metadata.actor,
            })),
      position: String(events.at(-1)!.position),
    };
  }

  private async hearersFor(reader: Actor, id: string): Promise<AppealAnswer['hearers']> {
    return isLead(reader) && !earlierMoment() ? this.hearers.of(id) : null;
  }
}

/** What the person wrote, and what a claim allows, are not for those who had the claim earlier. */
const hasNow = ({ id }: Actor, claim: { reviewer: string } | undefined): boolean =>
  claim?.reviewer === id && earlierMoment() === undefined;

/** Since it was filed. */
const firstClaimed = (events: readonly RecordedEvent[], filed: RecordedEvent): string | null =>
  events.find((event) => isOf(AppealClaimed, event) && event.position > filed.position)?.metadata.time ?? null;

type Decision = RecordedOf<typeof AppealGranted | typeof AppealPartlyGranted | typeof AppealDenied>;

const isDecision = (event: RecordedEvent): event is Decision =>
  isOf(AppealGranted, event) || isOf(AppealPartlyGranted, event) || isOf(AppealDenied, event);

const isEnd = (event: RecordedEvent): boolean => isDecision(event) || isOf(AppealLapsed, event);

const decisionOf = (end: RecordedEvent | undefined, isHidden: boolean) => {
  if (!end || !isDecision(end))
    return { decidedAt: end?.metadata.time ?? null, decidedBy: null, clause: null, reason: null };
  const { data, metadata } = end;
  return {
    decidedAt: metadata.time,
    decidedBy: isHidden ? null : data.reviewer,
    clause: 'clause' in data ? data.clause : null,
    reason: data.reason,
  };
};

const { conflict: _, ...shown } = appealExample;

const example: AppealAnswer = {
  ...shown,
  firstClaimedAt: '2022-05-20T10:00:00.000Z',
  hearers: [
    { person: 'rev-1', conflict: 'took-part' },
    { person: 'rev-2', conflict: null },
  ],
  text: 'it is a still from my own film',
  isErased: false,
  token: 1,
  claimedBy: 'rev-2',
  claimedUntil: '2022-05-20T10:05:00.000Z',
  measure: {
    measure: 'deactivate',
    action: null,
    until: null,
    clause: 'violent',
    categories: ['violent'],
    status: 'completed',
  },
  history: [
    {
      position: '1049',
      type: 'AppealFiled',
      time: '2022-05-19T10:00:00.000Z',
      actor: { kind: 'service', id: 'web-site' },
    },
  ],
};

@Controller('v1/appeals')
export class ShowAppealController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromLog()
  @AsOf({ notFor: ['reviewer'] })
  @Roles(...HEARERS, 'operator', 'compliance', 'service')
  @Operation('An appeal, what it is about, and its history', {
    description:
      'What the person wrote is shown to the reviewer who has claimed it, and the audit stream records who reads it; not as of an earlier moment. GET /v1/cases/{id}/review has the case.',
    fields: { id: APPEAL_ID },
    answer: answer('Appeal', 'The appeal.', AppealAnswer, example),
    refusals: { 404: ['appeal-unknown'] },
  })
  showAppeal(@Param() query: ShowAppeal, @Context() context: Context): Promise<AppealAnswer> {
    return this.queries.execute(Object.assign(query, { context }));
  }
}
