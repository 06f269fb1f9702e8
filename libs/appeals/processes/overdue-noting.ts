import type { Schedule } from '../../context/context.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Pool } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { appealStream, noteOverdue } from '../appeal.js';
import { appealsView } from '../views/appeals.js';

export const APPEAL_OVERDUE = 'appeal-overdue';
const TICK_MS = 5_000;
const PAGE = 500;

const DUE = `SELECT appeal_id, (extract(epoch FROM due_at) * 1000)::float8 AS due_ms FROM ${viewTable(appealsView)}
  WHERE status = 'open' AND overdue_at IS NULL AND due_at <= to_timestamp($1::float8 / 1000)
    AND (due_at, appeal_id) > (to_timestamp($2::float8 / 1000), $3::text)
  ORDER BY due_at, appeal_id LIMIT ${PAGE}`;

/**
 * Says, once for each appeal, that its deadline has passed. The appeal's stream decides that, so a view that is behind repeats
 * nothing.
 */
export class AppealOverdueNoting implements Schedule {
  constructor(
    private readonly pool: Pool,
    private readonly transactor: Transactor,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = onceBuilt((error) =>
      this.logger.warn({ err: error }, 'overdue appeals could not be noted; this is retried'),
    );
    const tick = (ends: AbortSignal) => this.tick(ends);
    await runPeriodically({ name: APPEAL_OVERDUE, everyMs: TICK_MS, tick, failed }, signal, locks);
  }

  async tick(signal?: AbortSignal): Promise<void> {
    const now = this.clock.now();
    for (let after: [number, string] = [0, '']; ; ) {
      const { rows } = await queryView(this.pool, { text: DUE, values: [now, ...after] });
      for (const { appeal_id } of rows) {
        if (signal?.aborted) return;
        await this.note(appeal_id);
      }
      if (rows.length < PAGE) return;
      const { due_ms, appeal_id } = rows.at(-1);
      after = [due_ms, appeal_id];
    }
  }

  private async note(appealId: string): Promise<void> {
    const context: CommandContext = { actor: { kind: 'process', id: APPEAL_OVERDUE }, correlationid: appealId };
    const { state } = await this.transactor.load(appealStream, appealId);
    // A repeat would be recorded as a command that changed nothing.
    if (noteOverdue(state, appealId, this.clock.now()).length === 0) return;
    await this.transactor.transact(appealStream, appealId, context, (current) =>
      noteOverdue(current, appealId, this.clock.now()),
    );
  }
}
