import type { Schedule } from '../../context/context.js';
import type { Load, Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { GatehouseError } from '../../kernel/errors.js';
import { isTransient } from '../../kernel/transient.js';
import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import type { Logger } from '../../platform/logging/logger.js';
import { onceBuilt, queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { type Case, caseStream } from '../case.js';
import type { CaseFactsReader } from '../features/case-facts.js';
import { closeVerdicts } from '../verdict-decisions.js';
import { casesView } from '../views/cases.js';

export const VERDICT_CLOSING = 'verdict-closing';
const TICK_MS = 1_000;
const AT_ONCE = 100;
const RETRY_MS = 60_000;

const DUE = `SELECT case_id FROM ${viewTable(casesView)}
  WHERE decides_at <= to_timestamp($1::float8 / 1000) AND case_id <> ALL ($2::text[])
  ORDER BY decides_at, case_id LIMIT ${AT_ONCE}`;

/** Decides cases whose verdicts can't be taken back any more. */
export class VerdictClosing implements Schedule {
  /** Until when cases wait that could not be decided, or that the view has not caught up with: they hinder no others. */
  private readonly triedUntil = new Map<string, number>();

  constructor(
    private readonly pool: Pool,
    private readonly transactor: Transactor,
    private readonly facts: CaseFactsReader,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = onceBuilt((error) =>
      this.logger.warn({ err: error }, 'cases with final verdicts could not be decided; this is retried'),
    );
    await runPeriodically({ name: VERDICT_CLOSING, everyMs: TICK_MS, tick: () => this.tick(), failed }, signal, locks);
  }

  async tick(): Promise<void> {
    const now = this.clock.now();
    for (const [caseId, until] of this.triedUntil) if (until <= now) this.triedUntil.delete(caseId);
    const values = [now, arrayParameter('text', [...this.triedUntil.keys()])];
    const { rows } = await queryView(this.pool, { text: DUE, values });
    for (const { case_id } of rows) {
      this.triedUntil.set(case_id, now + RETRY_MS);
      await this.close(case_id);
    }
  }

  private async close(caseId: string): Promise<void> {
    const context: CommandContext = { actor: { kind: 'process', id: VERDICT_CLOSING }, correlationid: caseId };
    try {
      await this.transactor.transact(
        caseStream,
        caseId,
        context,
        (state, facts) => closeVerdicts(state, { caseId, now: this.clock.now() }, facts),
        (load: Load<Case>) => this.facts.read(caseId, [], { isDeciding: true, load }),
      );
    } catch (error) {
      if (isTransient(error)) this.triedUntil.delete(caseId);
      if (isTransient(error) || !(error instanceof GatehouseError)) throw error;
      this.logger.warn({ caseId, err: error }, 'a case with final verdicts can’t be decided yet');
    }
  }
}
