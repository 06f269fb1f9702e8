import type { Schedule } from '../../context/context.js';
import type { Transactor } from '../../event-store/transact.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { type Lifted, noteOverdue } from '../acknowledging.js';
import { enforcementStream } from '../enforcement.js';
import { loadLifted } from '../queries/lifted.js';
import { type Targets, targetsStream } from '../targets.js';
import { enforcementsView } from '../views/enforcements.js';

export const OVERDUE_NOTING = 'enforcement-overdue';
const TICK_MS = 5_000;
const PAGE = 500;

/**
 * Only what is due, by an index: of a target that is down for long most are asked again a week later. The stream of each says
 * whether it is.
 */
const DUE = `SELECT enforcement_id, position FROM ${viewTable(enforcementsView)}
  WHERE waiting_for <> '[]'::jsonb AND COALESCE(next_attempt_at, asked_at) <= $3 AND position > $4
    AND EXISTS (SELECT FROM unnest($1::text[], $2::timestamptz[]) AS target (name, asked_before)
                WHERE waiting_for ? target.name AND asked_at <= target.asked_before)
  ORDER BY position LIMIT ${PAGE}`;

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
    const tick = () => this.tick(signal);
    await runPeriodically({ name: OVERDUE_NOTING, everyMs: TICK_MS, tick, failed }, signal, locks);
  }

  async tick(signal?: AbortSignal): Promise<void> {
    const { state: targets } = await this.transactor.load(targetsStream, undefined);
    if (targets.byName.size === 0) return;
    const now = this.clock.now();
    const names = arrayParameter('text', [...targets.byName.keys()]);
    const askedBefore = arrayParameter(
      'timestamptz',
      [...targets.byName.values()].map(({ deadlineSeconds }) => now - deadlineSeconds * 1000),
    );
    for (let after = 0; ; ) {
      const { rows } = await queryView(this.pool, { text: DUE, values: [names, askedBefore, toIso(now), after] });
      for (const { enforcement_id } of rows) {
        if (signal?.aborted) return;
        await this.note(enforcement_id, targets);
      }
      if (rows.length < PAGE) return;
      after = Number(rows.at(-1).position);
    }
  }

  private async note(id: string, targets: Targets): Promise<void> {
    const { state: before } = await this.transactor.load(enforcementStream, id);
    if (noteOverdue(before, targets, this.clock.now()).length === 0) return;
    const context: CommandContext = { actor: { kind: 'process', id: OVERDUE_NOTING }, correlationid: id };
    await this.transactor.transact(
      enforcementStream,
      id,
      context,
      (state, lifted: Lifted) => noteOverdue(state, targets, this.clock.now(), lifted),
      async (load) => loadLifted(this.transactor, await load(), id, this.clock.now()),
    );
  }
}
