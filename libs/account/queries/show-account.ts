import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { FromLog } from '../../context/from-views.js';
import { type EventStore, UnknownPosition } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { isOf } from '../../events/event-definition.js';
import { isNoOp } from '../../events/no-op-recorded.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsMoment } from '../../http/field-rules.js';
import { entityTagOf } from '../../http/if-match.js';
import { momentOf } from '../../http/moment.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { belongsTo, foldRecorded, lastChange } from '../../kernel/decider.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { NotFound, PositionGone } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { acceptanceEnd, policiesAt, policyStream } from '../../policy/index.js';
import { type Confirmed, type Deactivating, deactivationsInForce, explain } from '../account-explanation.js';
import { accountStream } from '../account-standing.js';
import { CONFIRMATIONS, type Confirmations } from '../confirmations.js';
import { AccountDeactivated } from '../events.js';
import { AccountAnswer, accountExample, shownConsequences, shownOf } from './account-answer.js';
import { PendingDeactivations } from './pending-deactivations.js';

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
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PendingDeactivations) private readonly pending: PendingDeactivations,
    @Inject(CONFIRMATIONS) private readonly confirmations: Confirmations,
  ) {}

  async execute({ accountId, asOf }: ShowAccount): Promise<AccountAnswer> {
    const { isPart, now } = await this.upTo(asOf);
    const history = await this.store.readStream(`${accountStream.category}-${accountId}`);
    const events = history.filter(isPart);
    const last = events.at(-1);
    if (!last || events.every(isNoOp)) {
      const when = asOf === undefined ? '' : ` as of ${asOf}`;
      throw new NotFound('account-unknown', `no account ${accountId} is known${when}; check the id`);
    }
    const state = foldRecorded(accountStream, events);
    const { status, deactivated, suspendedUntil, policyVersion, cohortId } = state;
    const own = events.filter((event) => belongsTo(accountStream, event));
    const policies = (await this.store.readStream(policyStream.category)).filter(isPart);
    const confirmations = await this.confirmationsOf(deactivationsInForce(state, own));
    const published = foldRecorded(policyStream, policies);
    const inForce = policiesAt(published, now);
    const accepted = [policyVersion, ...(state.earlierPolicies ?? [])].filter((one) => one !== undefined);
    const isDeactivationPending =
      (asOf === undefined && this.pending.includes(accountId, state)) || (await this.wasPending(history, isPart));
    return {
      accountId,
      status,
      deactivated,
      suspendedUntil: suspendedUntil === undefined ? null : toIso(suspendedUntil),
      policyVersion: policyVersion ?? null,
      cohortId: cohortId ?? null,
      consequences: shownConsequences(state, now),
      asOf: { position: String(last.position), time: last.recordedAt },
      why: explain(accountId, state, own, {
        ...{ now, policies: inForce, confirmations, isDeactivationPending },
        acceptanceEnd: acceptanceEnd(published, accepted, now),
      }),
      history: own.map(({ position: place, type, data, metadata: { time, actor: by } }) => ({
        position: String(place),
        type,
        time,
        actor: by,
        ...shownOf(data),
      })),
      etag: entityTagOf(lastChange(accountStream, events), this.epoch.current),
      position: String(last.position),
    };
  }

  /** By case: the clause, and who confirmed it, with the system of reviewers who are not ours. */
  private async confirmationsOf(deactivations: readonly Deactivating[]): Promise<Map<string, Confirmed>> {
    const cases = deactivations.flatMap(({ data: { caseId } }) => (caseId === undefined ? [] : [caseId]));
    const confirmations = await Promise.all(cases.map((caseId) => this.confirmations.of(caseId)));
    return new Map(
      confirmations.map((confirmation, i) => {
        const { clause, reviewers = [], reviewerSource, reviewerSources = [] } = confirmation?.data ?? {};
        const named = reviewers.map((one, n) => {
          const source = reviewerSources[n] ?? reviewerSource;
          return source ? `${one} (${source})` : one;
        });
        return [cases[i]!, { reviewers: named, clause }];
      }),
    );
  }

  /** When the event at a position was stored, in epoch milliseconds; undefined if there is none. */
  private async storedAt(place: Position): Promise<number | undefined> {
    if (place === 0) return 0; // before the first event
    try {
      const [event] = (await this.store.readAll(place, { including: true, limit: 1 })).events;
      return event?.position === place ? Date.parse(event.recordedAt) : undefined;
    } catch (error) {
      if (error instanceof UnknownPosition) return undefined;
      throw error;
    }
  }

  /** Whether a review was confirmed by then whose deactivation was stored later. */
  private async wasPending(
    history: readonly RecordedEvent[],
    isPart: (event: RecordedEvent) => boolean,
  ): Promise<boolean> {
    const later = history.find((event) => isOf(AccountDeactivated, event) && !isPart(event));
    if (later?.data.caseId === undefined) return false;
    const confirmation = await this.confirmations.of(later.data.caseId as string);
    return confirmation !== undefined && isPart(confirmation);
  }

  /** Compares the time of storing, so that the answer is what was known then. @returns `now`, the moment asked for in epoch ms */
  private async upTo(asOf: string | undefined): Promise<{ isPart: (event: RecordedEvent) => boolean; now: number }> {
    const now = this.clock.now();
    if (asOf === undefined) return { isPart: () => true, now };
    const moment = momentOf(asOf, 'asOf', this.epoch.current);
    if ('position' in moment) {
      const stored = await this.storedAt(moment.position);
      if (stored === undefined) throw new PositionGone(asOf, this.epoch.current);
      return { isPart: ({ position: place }) => place <= moment.position, now: Math.min(now, stored) };
    }
    const { time } = moment;
    return { isPart: ({ recordedAt }) => Date.parse(recordedAt) <= time, now: Math.min(now, time) };
  }
}

export class ShowAccountQuery {
  @IfGiven()
  @IsMoment()
  asOf?: string;
}

@Controller('v1/accounts')
export class ShowAccountController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':id')
  @FromLog()
  @Roles('operator', 'compliance', 'administrator', 'service')
  @Operation('The status of an account, now or at an earlier moment, and its history', {
    description: 'Folded from the account’s own events, so that it is exact at the moment of the request.',
    fields: { id: 'The account.' },
    answer: answer('Account', 'The account.', AccountAnswer, accountExample),
    refusals: { 404: ['account-unknown'] },
  })
  showAccount(@Param() { id }: IdParam, @QueryParameters() { asOf }: ShowAccountQuery): Promise<AccountAnswer> {
    return this.queries.execute(new ShowAccount(id, asOf));
  }
}
