import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import {
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
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { type AuthorityOrder, authoritiesStream, type Dispute, type Recorded } from '../authorities.js';
import { AuthorityOrderRecorded, DISPUTE_OUTCOMES, DisputeRecorded, ORDER_KINDS } from '../events.js';

const common = {
  reason: text('Why it was recorded last.'),
  position: position('The position of its last event.'),
};
const Order = closed({
  orderId: text('The order.'),
  kind: oneOf(ORDER_KINDS, 'Whether it is to act against illegal content, or to inform.'),
  country: text('The country of the authority.'),
  category: orNull(text('The category of illegal content.')),
  keyword: orNull(text('A keyword of that.')),
  items: orNull(count('How many items of information it names.')),
  receivedAt: instant('When it arrived.'),
  acknowledgedAt: orNull(instant('When the authority was informed of that.')),
  carriedOutAt: orNull(instant('When it was given effect.')),
  ...common,
});
const DisputeAnswer = closed({
  disputeId: text('The dispute.'),
  submittedAt: instant('When it was submitted.'),
  decidedAt: orNull(instant('When it was decided.')),
  outcome: orNull(oneOf(DISPUTE_OUTCOMES, 'What was decided.')),
  isImplemented: orNull(flag('Whether that was carried out here.')),
  ...common,
});
const Flagger = closed({ flaggerId: text('Its account.'), ...common });

export const AuthorityRecordsAnswer = closed({
  orders: list(Order, 'Orders of authorities, by their id.'),
  disputes: list(DisputeAnswer, 'Disputes before out-of-court bodies, by their id.'),
  trustedFlaggers: list(Flagger, 'The trusted flaggers, by their id.'),
  etag: text('Also the header `ETag`. Send it as `If-Match` to change a record only if nobody has done so since.'),
  position: position('The position of the last event included; 0 without one.'),
});
export type AuthorityRecordsAnswer = Static<typeof AuthorityRecordsAnswer>;

export class ShowAuthorities extends Query<AuthorityRecordsAnswer> {}

const sorted = <Data>(records: ReadonlyMap<string, Recorded<Data>>): Recorded<Data>[] =>
  [...records].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);

const orderAnswer = ({ data, changedAt }: Recorded<AuthorityOrder>): AuthorityRecordsAnswer['orders'][number] => ({
  ...{ category: null, keyword: null, items: null, acknowledgedAt: null, carriedOutAt: null },
  ...data,
  position: String(changedAt),
});

const disputeAnswer = ({ data, changedAt }: Recorded<Dispute>): AuthorityRecordsAnswer['disputes'][number] => ({
  ...{ decidedAt: null, outcome: null, isImplemented: null },
  ...data,
  position: String(changedAt),
});

@QueryHandler(ShowAuthorities)
export class ShowAuthoritiesHandler implements IQueryHandler<ShowAuthorities> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  /** From the stream itself, so that the answer is exact. */
  async execute(): Promise<AuthorityRecordsAnswer> {
    const events = await this.store.readStream(authoritiesStream.category);
    const { orders, disputes, flaggers } = foldRecorded(authoritiesStream, events);
    const last = events.at(-1)?.position ?? 0;
    return {
      orders: sorted(orders).map(orderAnswer),
      disputes: sorted(disputes).map(disputeAnswer),
      trustedFlaggers: sorted(flaggers).flatMap(({ data: { flaggerId, isTrusted, reason }, changedAt }) =>
        isTrusted ? [{ flaggerId, reason, position: String(changedAt) }] : [],
      ),
      etag: entityTagOf(last, this.epoch.current),
      position: String(last),
    };
  }
}

const example: AuthorityRecordsAnswer = {
  orders: [orderAnswer({ data: AuthorityOrderRecorded.example as AuthorityOrder, changedAt: 40 })],
  disputes: [disputeAnswer({ data: DisputeRecorded.example as Dispute, changedAt: 41 })],
  trustedFlaggers: [{ flaggerId: 'acc-9', reason: 'named by the Digital Services Coordinator', position: '42' }],
  etag: '"9c1f03ab55d2-42"',
  position: '42',
};

@Controller('v1/authority-records')
export class ShowAuthoritiesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @AsOf()
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Orders of authorities, disputes before out-of-court bodies, and the trusted flaggers', {
    answer: answer('AuthorityRecords', 'The records.', AuthorityRecordsAnswer, example),
  })
  showAuthorities(): Promise<AuthorityRecordsAnswer> {
    return this.queries.execute(new ShowAuthorities());
  }
}
