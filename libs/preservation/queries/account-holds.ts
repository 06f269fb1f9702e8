import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { ErasureHolds } from '../../platform/personal-data/erasure-holds.js';
import { CLOCK, POOL, SETTINGS } from '../../platform/ports.js';
import { policyStream } from '../../policy/index.js';
import { ReviewAmended, ReviewConfirmed, ReviewUpheld } from '../../review/index.js';
import { positionAndParked } from '../../subscriptions/checkpoints.js';
import { eventsAhead } from '../../subscriptions/events-ahead.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { REACTOR_PREFIX } from '../../subscriptions/reactor.js';
import { preservationStream, refuseUnderHold } from '../preservation.js';
import { confirmedHold, HOLD_PLACING, holdKey } from './confirmed-hold.js';

export const HOLD_CONSUMER = REACTOR_PREFIX + HOLD_PLACING;

/** The holds on an account, once every confirmation stored so far has placed its own. */
@Injectable()
export class AccountHolds implements ErasureHolds {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws Refusal under-hold; NotCaughtUp if the consumer that places holds is too far behind */
  async refuseHeld(accountId: string): Promise<void> {
    // Before the account's stream: then every hold is in one of the two.
    const { position, parked } = await positionAndParked(this.pool, HOLD_CONSUMER);
    const consumer = { consumer: HOLD_CONSUMER, position, limitMs: this.settings.decisionWaitMs };
    const confirmed = await eventsAhead(this.log, ReviewConfirmed, consumer, accountId, holdKey);
    const amended = await eventsAhead(this.log, ReviewAmended, consumer, accountId, holdKey);
    const upheld = await eventsAhead(this.log, ReviewUpheld, consumer, accountId, holdKey);
    const [{ state }, { state: policies }] = await Promise.all([
      this.transactor.load(preservationStream, accountId),
      this.transactor.load(policyStream, undefined),
    ]);
    const now = this.clock.now();
    refuseUnderHold(state, accountId, {
      pending: [...confirmed.events, ...upheld.events, ...amended.events].flatMap(
        (event) => confirmedHold(event, policies, now) ?? [],
      ),
      isUncertain:
        confirmed.isBroken || upheld.isBroken || amended.isBroken || parked.some(({ key }) => key === accountId),
    });
  }
}
