import type { Schedule } from '../../context/context.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { inOrder } from '../../kernel/in-order.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { type Failure, isDue, type Notice, noticeStream, recordDelivery, recordFailure } from '../notice.js';
import { voidLink } from '../queries/void-link.js';
import type { Channel } from '../sending/open-senders.js';
import { SendError, type Sender } from '../sending/sender.js';
import { noticesView } from '../views/notices.js';

export const NOTICE_SENDING = 'notice-sending';
const TICK_MS = 1_000;
const PAGE = 64;
const CONCURRENCY = 8;

const DUE = `SELECT notice_id, (extract(epoch FROM due_at) * 1000)::float8 AS due_ms FROM ${viewTable(noticesView)}
  WHERE status = 'waiting' AND channel = $1::text AND due_at <= to_timestamp($2::float8 / 1000)
    AND (due_at, notice_id) > (to_timestamp($3::float8 / 1000), $4::text)
  ORDER BY due_at, notice_id LIMIT ${PAGE}`;

/** Processes restart with a setting one after the other. A message without its link would be of no use. */
const LINK_UNKNOWN: Failure = {
  error: 'GATEHOUSE_WAITLIST_CONFIRM_URL is not set in the process that sends: set it alike in all',
  isPermanent: false,
};

export interface SendingPorts {
  pool: Pool;
  transactor: Transactor;
  clock: Clock;
  logger: Logger;
  settings: Pick<Settings, 'waitlistConfirmUrl'>;
}

/**
 * Sends the notices of one channel that are due, so that a receiver that does not answer delays no other channel. A process
 * that dies after a notice was accepted and before that is stored sends it again, with the same id.
 */
export class NoticeSending implements Schedule {
  constructor(
    private readonly channel: Channel,
    /** Undefined if the settings don't configure the channel. */
    private readonly sender: Sender | undefined,
    private readonly ports: SendingPorts,
  ) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const { logger } = this.ports;
    const failed = onceBuilt((error) => logger.warn({ err: error }, 'notices could not be sent; this is retried'));
    const name = `${NOTICE_SENDING}-${this.channel}`;
    await runPeriodically({ name, everyMs: TICK_MS, tick: (ends) => this.tick(ends), failed }, signal, locks);
  }

  /**
   * Ends once nothing is being sent: what still is would be due again at the next tick. When the signal aborts, it starts
   * nothing further. A notice that fails here delays no other one; the first failure is thrown at the end.
   */
  async tick(signal?: AbortSignal): Promise<void> {
    const now = this.ports.clock.now();
    const failures: unknown[] = [];
    const sendOne = async (noticeId: string) => {
      if (signal?.aborted) return;
      await this.send(noticeId).catch((error) => failures.push(error));
    };
    let after: [number, string] = [0, ''];
    for (let isMore = true; isMore && !signal?.aborted; ) {
      const { rows } = await queryView(this.ports.pool, { text: DUE, values: [this.channel, now, ...after] });
      const ids = rows.map((row) => row.notice_id as string);
      await inOrder(ids, (id) => [id], CONCURRENCY, sendOne);
      isMore = rows.length === PAGE;
      if (isMore) after = [rows.at(-1).due_ms, ids.at(-1)!];
    }
    if (failures.length > 0) throw failures[0];
  }

  private async send(noticeId: string): Promise<void> {
    const { transactor, clock } = this.ports;
    const { state } = await transactor.load(noticeStream, noticeId);
    // The view may be behind.
    if (!state.notice || !isDue(state, clock.now())) return;
    const context: CommandContext = { actor: { kind: 'process', id: NOTICE_SENDING }, correlationid: noticeId };
    const failure = await this.attempt(state.notice);
    await transactor.transact(noticeStream, noticeId, context, (now) =>
      failure ? recordFailure(now, noticeId, failure, clock.now()) : recordDelivery(now, noticeId),
    );
  }

  private async attempt(notice: Notice): Promise<Failure | undefined> {
    if (!this.sender) return { error: `the channel ${this.channel} is not configured`, isPermanent: true };
    try {
      const { transactor, clock, settings } = this.ports;
      const isVoid = await voidLink(transactor, notice, clock.now());
      if (isVoid !== undefined) return { error: isVoid, isPermanent: true, isSkipped: true };
      if (notice.kind === 'address-confirmation' && settings.waitlistConfirmUrl === undefined) return LINK_UNKNOWN;
      await this.sender.send(notice);
      return undefined;
    } catch (error) {
      if (error instanceof SendError) {
        const { message, isPermanent, isSkipped } = error;
        return { error: message, isPermanent, ...(isSkipped && { isSkipped }) };
      }
      // As any other failure it is retried later and later, so that it does not come back at each tick for ever.
      this.ports.logger.warn(
        { err: error, noticeId: notice.noticeId },
        'a notice could not be prepared; this is retried',
      );
      return { error: 'it could not be prepared: the log of this process says why', isPermanent: false };
    }
  }
}
