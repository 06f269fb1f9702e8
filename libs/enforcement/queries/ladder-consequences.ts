import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { accountStream } from '../../account/index.js';
import { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, POOL, SETTINGS } from '../../platform/ports.js';
import { type Consequences, ReviewConfirmed } from '../../review/index.js';
import { positionAndParked } from '../../subscriptions/checkpoints.js';
import { eventsAhead } from '../../subscriptions/events-ahead.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { REACTOR_PREFIX } from '../../subscriptions/reactor.js';
import { type ConfirmedViolation, enforcingKey, outcomeFor, violationOf } from '../confirmed-violation.js';
import { ENFORCING } from '../enforcement.js';
import { expectedStanding } from '../expected-standing.js';
import { ladderStream } from '../ladder.js';

const CONSUMER = REACTOR_PREFIX + ENFORCING;

/** What the ladder in force would do, once every confirmation stored so far is enforced. */
@Injectable()
export class LadderConsequences implements Consequences {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(LogTail) private readonly log: LogTail,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws NotCaughtUp if the consumer that enforces is too far behind */
  async deactivating(accountId: string, caseId: string): Promise<(clause: string | undefined) => boolean> {
    // Before the account: then every confirmation is in one of the two.
    const pending = await this.pendingOf(accountId);
    const [{ state: ladder }, { state: standing }] = await Promise.all([
      this.transactor.load(ladderStream, undefined),
      this.transactor.load(accountStream, accountId),
    ]);
    // What can't be enforced may have been any number of strikes.
    if (!pending) return () => true;
    const expected = expectedStanding(standing, pending, ladder);
    const violation = { accountId, caseId, imageId: caseId, categories: [], at: this.clock.now() };
    const position = Number.MAX_SAFE_INTEGER;
    return (clause) => outcomeFor({ ...violation, clause, position }, expected, ladder).measures.deactivate === true;
  }

  /** The confirmations against the account that are not enforced; undefined if one of them can't be. */
  private async pendingOf(accountId: string): Promise<ConfirmedViolation[] | undefined> {
    const { position, parked } = await positionAndParked(this.pool, CONSUMER);
    const consumer = { consumer: CONSUMER, position, limitMs: this.settings.decisionWaitMs };
    const { events, isBroken } = await eventsAhead(this.log, ReviewConfirmed, consumer, accountId, enforcingKey);
    if (isBroken || parked.some(({ key }) => key === accountId)) return undefined;
    return events.flatMap((event) => violationOf(event) ?? []);
  }
}
