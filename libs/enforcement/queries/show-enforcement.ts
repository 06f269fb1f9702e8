import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { type Static, Type } from 'typebox';
import { accountStream, consequencesOf, isInForce } from '../../account/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isOf } from '../../events/event-definition.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdQuery } from '../../http/field-rules.js';
import {
  actor,
  closed,
  count,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { withholdingStream } from '../../images/index.js';
import type { Clock } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { NotFound } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { confirmationOf } from '../../review/index.js';
import { enforcementStream } from '../enforcement.js';
import { enforcementEvents, MEASURES } from '../events.js';
import { eventsOfCause } from './enforcement-events.js';

const ReceiptEvent = closed({
  type: text('Type of the event.'),
  subject: text('What it is about: the account, the image or the enforcement.'),
  position: position('Place in the log.'),
  storedAt: instant('When it was stored.'),
  actor,
});

export const EnforcementAnswer = closed({
  enforcementId: text('The case, or the id of a decision by hand.'),
  accountId: text('The account.'),
  status: oneOf(
    ['ordered', 'completed', 'reversed'],
    'Whether everything that was ordered is in force, or was, or whether an appeal undid it.',
  ),
  isInForce: flag(
    'Whether anything of it still denies the account something or counts as a strike, by its events and the clock.',
  ),
  measure: oneOf(MEASURES, 'What was ordered.'),
  action: orNull(text('The action that a restriction denies.')),
  until: orNull(instant('When the restriction or the suspension ends.')),
  strikes: orNull(count('The number of active strikes with the one of this case; null if it led to none.')),
  strikeUntil: orNull(instant('When that strike stops counting.')),
  clause: orNull(text('The clause that was violated.')),
  categories: list(Type.String(), 'The categories of the violation.'),
  review: orNull(
    closed(
      {
        caseId: text('The case.'),
        imageId: text('Its image.'),
        reviewers: list(Type.String(), 'Who decided it.'),
        position: position('The position of the decision: from here on the account is denied.'),
        storedAt: instant('When it was stored.'),
      },
      'The decision that caused it; null for one by hand.',
    ),
  ),
  events: list(ReceiptEvent, 'What was stored because of it, and what lifted it, in the order of the log.'),
});
export type EnforcementAnswer = Static<typeof EnforcementAnswer>;

export class ShowEnforcement extends IdQuery<EnforcementAnswer> {}

/** Reads the streams themselves, so that the receipt is exact at the moment of the request. */
@QueryHandler(ShowEnforcement)
export class ShowEnforcementHandler implements IQueryHandler<ShowEnforcement> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ id }: ShowEnforcement): Promise<EnforcementAnswer> {
    const own = await this.store.readStream(`${enforcementStream.category}-${id}`);
    const { status, order } = foldRecorded(enforcementStream, own);
    if (status === 'none' || !order) {
      throw new NotFound(
        'enforcement-unknown',
        `no enforcement ${id} is known; GET /v1/enforcements?account=… lists them`,
      );
    }
    const { accountId, caseId, imageId, measure, action, until, strikes, strikeUntil, clause, categories } = order;
    const [account, image, confirmation] = await Promise.all([
      this.store.readStream(`${accountStream.category}-${accountId}`),
      imageId === undefined ? [] : this.store.readStream(`${withholdingStream.category}-${imageId}`),
      caseId === undefined ? undefined : confirmationOf(this.store, caseId),
    ]);
    const ordered = own.filter((event) => enforcementEvents.some((definition) => isOf(definition, event)));
    const all = [...ordered, ...eventsOfCause(account, id), ...image.filter(({ fault }) => fault === undefined)];
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
            reviewers: confirmation.data.reviewers ?? [],
            position: String(confirmation.position),
            storedAt: confirmation.recordedAt,
          }
        : null,
      events: all.sort((one, other) => one.position - other.position).map(receiptOf),
    };
  }
}

const receiptOf = ({ type, stream, position: place, recordedAt, metadata }: RecordedEvent) => ({
  type,
  subject: stream,
  position: String(place),
  storedAt: recordedAt,
  actor: metadata.actor,
});

const process = { kind: 'process' as const, id: 'enforcing' };
const example: EnforcementAnswer = {
  enforcementId: 'img-1',
  accountId: 'acc-1',
  status: 'completed',
  isInForce: true,
  measure: 'deactivate',
  action: null,
  until: null,
  strikes: null,
  strikeUntil: null,
  clause: 'violent',
  categories: ['violent'],
  review: {
    caseId: 'img-1',
    imageId: 'img-1',
    reviewers: ['rev-1'],
    position: '1042',
    storedAt: '2022-05-19T10:20:00.000Z',
  },
  events: [
    {
      type: 'EnforcementOrdered',
      subject: 'enforcement-img-1',
      position: '1043',
      storedAt: '2022-05-19T10:20:00.004Z',
      actor: process,
    },
  ],
};

@Controller('v1/enforcements')
export class ShowEnforcementController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @Roles('operator', 'lead', 'compliance', 'administrator', 'service')
  @Operation('The receipt of an enforcement: which review, what was ordered, and when each part of it was stored', {
    fields: { id: 'The case, or the id of a decision by hand, as the account’s history gives it.' },
    answer: answer('Enforcement', 'The receipt.', EnforcementAnswer, example),
    refusals: { 404: ['enforcement-unknown'] },
  })
  showEnforcement(@Param() query: ShowEnforcement): Promise<EnforcementAnswer> {
    return this.queries.execute(query);
  }
}
