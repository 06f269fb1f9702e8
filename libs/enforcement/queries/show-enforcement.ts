import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { accountStream, consequencesOf, isInForce } from '../../account/index.js';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { withholdingStream } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import { belongsTo, foldRecorded, isUsable } from '../../kernel/decider.js';
import { earlierMoment } from '../../kernel/earlier-moment.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { NotFound } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { confirmationOf } from '../../review/index.js';
import { type Asked, enforcementStream, type Order } from '../enforcement.js';
import { EnforcementAcknowledged, EnforcementLifted } from '../events.js';
import { ladderStream, versionAt } from '../ladder.js';
import { targetsStream } from '../targets.js';
import { type AppliedAt, DecisionPoints } from './decision-points.js';
import { DisregardedUses } from './disregarded-uses.js';
import { EnforcementAnswer, enforcementExample, howToAppeal } from './enforcement-answer.js';
import { eventsOfCause } from './enforcement-events.js';
import { type SentStatement, StatementsSent } from './statements-sent.js';

export class ShowEnforcement extends IdQuery<EnforcementAnswer> {
  declare readonly context: Context;
}

/** Reads the streams themselves, so that the receipt is exact at the moment of the request. */
@QueryHandler(ShowEnforcement)
export class ShowEnforcementHandler implements IQueryHandler<ShowEnforcement> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(DecisionPoints) private readonly points: DecisionPoints,
    @Inject(DisregardedUses) private readonly uses: DisregardedUses,
    @Inject(StatementsSent) private readonly statements: StatementsSent,
  ) {}

  async execute({ id, context }: ShowEnforcement): Promise<EnforcementAnswer> {
    const own = await this.store.readStream(`${enforcementStream.category}-${id}`);
    const { status, order, asked } = foldRecorded(enforcementStream, own);
    if (status === 'none' || !order) {
      throw new NotFound(
        'enforcement-unknown',
        `no enforcement ${id} is known; GET /v1/enforcements?account=… lists them`,
      );
    }
    const { accountId, caseId, imageId, measure, action, until, strikes, strikeUntil, clause, categories } = order;
    const [account, image, confirmation, ladder, targets] = await Promise.all([
      this.store.readStream(`${accountStream.category}-${accountId}`),
      imageId === undefined ? [] : this.store.readStream(`${withholdingStream.category}-${imageId}`),
      caseId === undefined ? undefined : confirmationOf(this.store, caseId),
      this.store.readStream(ladderStream.category),
      this.store.readStream(targetsStream.category),
    ]);
    // It notifies the account's holder of the decision, not of who decided.
    const isService = context.actor.role === 'service';
    const { byName } = foldRecorded(targetsStream, targets);
    const ordered = own.filter((event) => belongsTo(enforcementStream, event));
    const caused = eventsOfCause(account, id);
    const all = [...ordered, ...caused, ...image.filter(isUsable)];
    const decision = confirmation ?? caused[0];
    const version = confirmation && versionAt(foldRecorded(ladderStream, ladder), confirmation.position);
    const decidedAt = decision?.recordedAt ?? own[0]!.recordedAt;
    return {
      enforcementId: id,
      accountId,
      status,
      isInForce: isInForce(consequencesOf(foldRecorded(accountStream, account)), id, this.clock.now()),
      measure,
      action: action ?? null,
      until: until ?? null,
      strikes: strikes ?? null,
      strikeUntil: strikeUntil ?? null,
      clause: clause ?? null,
      categories,
      review: confirmation
        ? {
            caseId: confirmation.data.caseId,
            imageId: confirmation.data.imageId,
            reviewers: isService ? [] : (confirmation.data.reviewers ?? []),
            position: String(confirmation.position),
            storedAt: confirmation.recordedAt,
          }
        : null,
      ladder: version ? String(version.position) : null,
      statement: statementOf(id, order),
      submissions: isService ? [] : submissionsOf(await this.statements.of(id)),
      acknowledgements: (order.targets ?? []).map((target) => ({
        target,
        isRegistered: byName.has(target),
        ...answerOf(target, own, asked),
      })),
      // A strike alone changes no answer of a decision point, so none reports it.
      decisionPoints:
        decision && measure !== 'strike'
          ? byThen(await this.points.appliedAt({ position: decision.position, storedAt: decision.recordedAt }))
          : [],
      disregarded: await this.uses.since(decidedAt, accountId, imageId),
      timesAskedAgain: asked?.attempts ?? 0,
      events: (isService ? [] : all).sort((one, other) => one.position - other.position).map(receiptOf),
      position: String(Math.max(...all.map(({ position }) => position))),
    };
  }
}

/** As of an earlier moment, what was reported since is not reported yet. */
function byThen(points: readonly AppliedAt[]): AppliedAt[] {
  const { time = Number.POSITIVE_INFINITY } = earlierMoment() ?? {};
  return points.map((point) => (Date.parse(point.appliedAt ?? '') > time ? { ...point, appliedAt: null } : point));
}

/** What became of the last time that a target was asked. */
function answerOf(target: string, own: readonly RecordedEvent[], asked: Asked | undefined) {
  const since = own.filter(({ position }) => position > (asked?.position ?? 0));
  const given = since.find((event) => isOf(EnforcementAcknowledged, event) && event.data.target === target);
  const isLifted = since.some((event) => isOf(EnforcementLifted, event) && event.data.targets.includes(target));
  return { acknowledgedAt: given?.recordedAt ?? null, isLifted };
}

function statementOf(id: string, { statement }: Order): EnforcementAnswer['statement'] {
  if (!statement) return null;
  const { ground, decidedBy, reason = null, policyVersion = null, notedBy = null, isMeasureAutomated } = statement;
  return { ground, decidedBy, reason, policyVersion, notedBy, isMeasureAutomated, appeal: howToAppeal(id) };
}

const submissionsOf = (sent: SentStatement[] | null): EnforcementAnswer['submissions'] =>
  sent?.map((one) => ({ ...one, errors: [...one.errors] })) ?? null;

const receiptOf = ({ type, stream, position: place, recordedAt, metadata }: RecordedEvent) => ({
  type,
  subject: stream,
  position: String(place),
  storedAt: recordedAt,
  actor: metadata.actor,
});

@Controller('v1/enforcements')
export class ShowEnforcementController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromLog()
  @AsOf({ views: ['disregarded-decisions', 'withheld-image-shares', 'statements'] })
  @Roles('operator', 'lead', 'compliance', 'administrator', 'service')
  @Operation('The receipt of an enforcement: which review, what was ordered, and when each part of it was stored', {
    fields: { id: 'The case, or the id of a decision by hand, as the account’s history gives it.' },
    answer: answer('Enforcement', 'The receipt.', EnforcementAnswer, enforcementExample),
    refusals: { 404: ['enforcement-unknown'] },
  })
  showEnforcement(@Param() query: ShowEnforcement, @Context() context: Context): Promise<EnforcementAnswer> {
    return this.queries.execute(Object.assign(query, { context }));
  }
}
