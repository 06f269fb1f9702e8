import type { Schedule } from '../../context/context.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { inOrder } from '../../kernel/in-order.js';
import type { Pool } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { isDue, noticeStream, recordDelivery, recordFailure } from '../notice.js';
import type { Channel } from '../sending/open-senders.js';
import { SendError, type Sender } from '../sending/sender.js';
import { noticesView } from '../views/notices.js';

export const NOTICE_SENDING = 'notice-sending';
const TICK_MS = 1_000;
const AT_ONCE = 64;
const CONCURRENCY = 8;

const DUE = `SELECT notice_id FROM ${viewTable(noticesView)}
  WHERE status = 'waiting' AND due_at <= to_timestamp($1::float8 / 1000) ORDER BY due_at, notice_id LIMIT ${AT_ONCE}`;

/**
 * Sends the notices that are due. A process that dies after a notice was accepted and before that is stored sends it again,
 * with the same id.
 */
export class NoticeSending implements Schedule {
  constructor(
    private readonly pool: Pool,
    private readonly transactor: Transactor,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly senders: Partial<Record<Channel, Sender>>,
  ) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = onceBuilt((error) => this.logger.warn({ err: error }, 'notices could not be sent; this is retried'));
    await runPeriodically({ name: NOTICE_SENDING, everyMs: TICK_MS, tick: () => this.tick(), failed }, signal, locks);
  }

  async tick(): Promise<void> {
    if (Object.keys(this.senders).length === 0) return;
    const { rows } = await queryView(this.pool, { text: DUE, values: [this.clock.now()] });
    const ids = rows.map((row) => row.notice_id as string);
    // It ends with the last of them: one that is still being sent would be due again at the next tick.
    await inOrder(
      ids,
      (id) => [id],
      CONCURRENCY,
      (id) => this.send(id),
    );
  }

  private async send(noticeId: string): Promise<void> {
    const { state } = await this.transactor.load(noticeStream, noticeId);
    // The view may be behind.
    if (!state.notice || !isDue(state, this.clock.now())) return;
    const context: CommandContext = { actor: { kind: 'process', id: NOTICE_SENDING }, correlationid: noticeId };
    const failure = await this.attempt(state.notice);
    await this.transactor.transact(noticeStream, noticeId, context, (now) =>
      failure ? recordFailure(now, noticeId, failure, this.clock.now()) : recordDelivery(now, noticeId),
    );
  }

  private async attempt(notice: Parameters<Sender['send']>[0]) {
    const sender = this.senders[notice.channel];
    if (!sender) return { error: `the channel ${notice.channel} is not configured`, isPermanent: true };
    try {
      await sender.send(notice);
      return undefined;
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      const { message, isPermanent, isSkipped } = error;
      return { error: message, isPermanent, ...(isSkipped && { isSkipped }) };
    }
  }
}
