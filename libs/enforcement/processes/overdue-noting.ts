import type { Schedule } from '../../context/context.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { noteOverdue } from '../acknowledging.js';
import { enforcementStream } from '../enforcement.js';
import { type Targets, targetsStream } from '../targets.js';
import { enforcementsView } from '../views/enforcements.js';

export const OVERDUE_NOTING = 'enforcement-overdue';
const TICK_MS = 5_000;
const PAGE = 500;

/** Few rows: the others are excluded by a partial index. */
const WAITING = `SELECT enforcement_id, position FROM ${viewTable(enforcementsView)}
  WHERE waiting_for <> '[]'::jsonb AND waiting_for ?| $1::text[] AND position > $2 ORDER BY position LIMIT ${PAGE}`;

/**
 * Asks targets again that have not acknowledged an enforcement in time. When that is due follows from the enforcement's own
 * stream and the clock, so a restart loses nothing and a view that is behind asks nobody twice.
 */
export class OverdueNoting implements Schedule {
  constructor(
    private readonly pool: Pool,
    private readonly transactor: Transactor,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = onceBuilt((error) =>
      this.logger.warn({ err: error }, 'overdue acknowledgements could not be noted; this is retried'),
    );
    await runPeriodically({ name: OVERDUE_NOTING, everyMs: TICK_MS, tick: () => this.tick(), failed }, signal, locks);
  }

  async tick(): Promise<void> {
    const { state: targets } = await this.transactor.load(targetsStream, undefined);
    if (targets.byName.size === 0) return;
    const names = arrayParameter('text', [...targets.byName.keys()]);
    for (let after = 0; ; ) {
      const { rows } = await queryView(this.pool, { text: WAITING, values: [names, after] });
      for (const { enforcement_id } of rows) await this.note(enforcement_id, targets);
      if (rows.length < PAGE) return;
      after = Number(rows.at(-1).position);
    }
  }

  private async note(id: string, targets: Targets): Promise<void> {
    const { state } = await this.transactor.load(enforcementStream, id);
    if (noteOverdue(state, targets, this.clock.now()).length === 0) return;
    const context: CommandContext = { actor: { kind: 'process', id: OVERDUE_NOTING }, correlationid: id };
    await this.transactor.transact(enforcementStream, id, context, (current) =>
      noteOverdue(current, targets, this.clock.now()),
    );
  }
}
