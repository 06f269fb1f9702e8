import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Matches, MaxLength } from 'class-validator';
import type { Static } from 'typebox';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { isNoOp } from '../../events/no-op-recorded.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, Means } from '../../http/field-rules.js';
import { closed, flag, history, instant, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { parsePosition } from '../../http/position-text.js';
import { toIso } from '../../kernel/clock.js';
import { foldRecorded, isUsable } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput, NotFound, PositionGone } from '../../kernel/errors.js';
import { isInstant, parseInstant } from '../../kernel/text-forms.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { accountStream } from '../account-standing.js';

export const AccountAnswer = closed({
  accountId: text('The account.'),
  status: oneOf(['unknown', 'waiting', 'left', 'onboarded'], 'Its status.'),
  deactivated: flag('Denied everything until it is reinstated.'),
  suspendedUntil: orNull(instant('Denied everything until then.')),
  policyVersion: orNull(text('The content policy accepted last.')),
  cohortId: orNull(text('The cohort it was onboarded with.')),
  asOf: closed(
    { position: position('Its position in the log.'), time: instant('When it was stored.') },
    'The last event included.',
  ),
  history,
});
export type AccountAnswer = Static<typeof AccountAnswer>;

const example: AccountAnswer = {
  accountId: 'acc-1',
  status: 'waiting',
  deactivated: false,
  suspendedUntil: null,
  policyVersion: null,
  cohortId: null,
  asOf: { position: '12', time: '2022-05-18T09:00:00.012Z' },
  history: [
    {
      position: '12',
      type: 'WaitlistJoined',
      time: '2022-05-18T09:00:00.000Z',
      actor: { kind: 'service', id: 'web', role: 'service' },
    },
  ],
};

export class ShowAccount extends Query<AccountAnswer> {
  constructor(
    readonly accountId: string,
    /** A position in digits, or RFC 3339. */
    readonly asOf?: string,
  ) {
    super();
  }
}

/** Reads the account's own stream, so that the answer is exact, now and at any earlier moment. */
@QueryHandler(ShowAccount)
export class ShowAccountHandler implements IQueryHandler<ShowAccount> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  async execute({ accountId, asOf }: ShowAccount): Promise<AccountAnswer> {
    const isPart = asOf === undefined ? () => true : await this.upTo(asOf);
    const events = (await this.store.readStream(`${accountStream.category}-${accountId}`)).filter(isPart);
    const last = events.at(-1);
    if (!last || events.every(isNoOp)) {
      const when = asOf === undefined ? '' : ` as of ${asOf}`;
      throw new NotFound('account-unknown', `no account ${accountId} is known${when}; check the id`);
    }
    const {
      suspendedUntil,
      policyVersion,
      earlierPolicies: _,
      cohortId,
      ...standing
    } = foldRecorded(accountStream, events);
    return {
      accountId,
      ...standing,
      suspendedUntil: suspendedUntil === undefined ? null : toIso(suspendedUntil),
      policyVersion: policyVersion ?? null,
      cohortId: cohortId ?? null,
      asOf: { position: String(last.position), time: last.recordedAt },
      history: events
        .filter((event) => isUsable(event) && !isNoOp(event))
        .map(({ position: place, type, metadata: { time, actor } }) => ({
          position: String(place),
          type,
          time,
          actor,
        })),
    };
  }

  /** Compares the time of storing, so that the answer is what was known then. */
  private async upTo(asOf: string): Promise<(event: RecordedEvent) => boolean> {
    const last = parsePosition(asOf, this.epoch.current);
    if (last !== undefined) {
      if (last > (await this.store.head())) throw new PositionGone(asOf, this.epoch.current);
      return ({ position: place }) => place <= last;
    }
    const time = isInstant(asOf) ? parseInstant(asOf) : undefined;
    if (time === undefined) {
      throw new InvalidInput([{ field: 'asOf', message: `${AS_OF_RULE} (a + in a URL is written %2B)` }]);
    }
    return ({ recordedAt }) => Date.parse(recordedAt) <= time;
  }
}

const AS_OF_RULE = 'must be a position, digits only or EPOCH-digits, or a time like 2022-05-18T09:00:00Z';

export class ShowAccountQuery {
  @Means('A position or a time (RFC 3339): only events stored by then are included.')
  @IfGiven()
  @MaxLength(40)
  @Matches(/^(?:[0-9a-f]{12}-)?[0-9][0-9TZ:.+-]*$/, { message: AS_OF_RULE })
  asOf?: string;
}

@Controller('v1/accounts')
export class ShowAccountController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @Roles('operator', 'compliance', 'administrator', 'service')
  @Operation('The status of an account, now or at an earlier moment, and its history', {
    description: 'Folded from the account’s own events, so that it is exact at the moment of the request.',
    fields: { id: 'The account.' },
    answer: answer('Account', 'The account.', AccountAnswer, example),
    refusals: { 404: ['account-unknown'], 410: ['position-gone'] },
  })
  showAccount(@Param() { id }: IdParam, @QueryParameters() { asOf }: ShowAccountQuery): Promise<AccountAnswer> {
    return this.queries.execute(new ShowAccount(id, asOf));
  }
}
