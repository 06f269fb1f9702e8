import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Matches, MaxLength } from 'class-validator';
import type { EventStore } from '../../event-store/event-store.js';
import { isNoOp } from '../../events/no-op-recorded.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven } from '../../http/field-rules.js';
import { toIso } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { Actor, RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput, NotFound } from '../../kernel/errors.js';
import { isInstant, isPositionText } from '../../kernel/text-forms.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { type AccountStanding, accountStream } from '../account-standing.js';

/** Where an account stands, or stood. Times are RFC 3339, positions digits. */
export interface AccountAnswer {
  accountId: string;
  status: AccountStanding['status'];
  deactivated: boolean;
  /** Suspended while the clock is before it. */
  suspendedUntil: string | null;
  policyVersion: string | null;
  cohortId: string | null;
  /** The last event that is taken into account: its place in the log and when it was stored. */
  asOf: { position: string; time: string };
  /** Everything that led here, oldest first. */
  history: AccountHistoryEntry[];
}

export interface AccountHistoryEntry {
  position: string;
  type: string;
  /** When it happened. */
  time: string;
  actor: Actor;
}

export class ShowAccount extends Query<AccountAnswer> {
  constructor(
    readonly accountId: string,
    /** A position in digits, or RFC 3339. */
    readonly asOf?: string,
  ) {
    super();
  }
}

/** From the account's own stream, so that it is exact at the moment of the question and at any earlier one. */
@QueryHandler(ShowAccount)
export class ShowAccountHandler implements IQueryHandler<ShowAccount> {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async execute({ accountId, asOf }: ShowAccount): Promise<AccountAnswer> {
    const isPart = asOf === undefined ? () => true : upTo(asOf);
    const history = (await this.store.readStream(`${accountStream.category}-${accountId}`)).filter(isPart);
    const last = history.at(-1);
    if (!last) {
      const when = asOf === undefined ? '' : ` as of ${asOf}`;
      throw new NotFound('account-unknown', `no account ${accountId} is known${when}; check the id`);
    }
    const { suspendedUntil, policyVersion, cohortId, ...standing } = foldRecorded(accountStream, history);
    return {
      accountId,
      ...standing,
      suspendedUntil: suspendedUntil === undefined ? null : toIso(suspendedUntil),
      policyVersion: policyVersion ?? null,
      cohortId: cohortId ?? null,
      asOf: { position: String(last.position), time: last.recordedAt },
      history: history
        .filter((event) => !isNoOp(event))
        .map(({ position, type, metadata: { time, actor } }) => ({
          position: String(position),
          type,
          time,
          actor,
        })),
    };
  }
}

/** By the time of storing: what was known then is what was answered then. */
function upTo(asOf: string): (event: RecordedEvent) => boolean {
  if (isPositionText(asOf)) return ({ position }) => position <= Number(asOf);
  if (!isInstant(asOf)) {
    const message = 'must be a position in digits or a time like 2022-05-18T09:00:00Z (a + in a URL is written %2B)';
    throw new InvalidInput([{ field: 'asOf', message }]);
  }
  const time = Date.parse(asOf);
  return ({ recordedAt }) => Date.parse(recordedAt) <= time;
}

export class ShowAccountQuery {
  /** A position of the log in digits, or a time (RFC 3339). */
  @IfGiven()
  @MaxLength(40)
  @Matches(/^\d[\dTZ:.+-]*$/i, { message: 'must be a position in digits or a time like 2022-05-18T09:00:00Z' })
  asOf?: string;
}

@Controller('v1/accounts')
export class ShowAccountController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  /** Where an account stands, or stood at a position or time, and everything that led there. */
  @Get(':id')
  @Roles('operator', 'compliance', 'administrator', 'service')
  show(@Param() { id }: IdParam, @QueryParameters() { asOf }: ShowAccountQuery): Promise<AccountAnswer> {
    return this.queries.execute(new ShowAccount(id, asOf));
  }
}
