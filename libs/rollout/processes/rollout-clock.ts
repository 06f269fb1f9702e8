import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Logger } from '../../platform/logging/logger.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { type RateTerms, takeEffect } from '../change-rollout.js';
import { dueChanges } from '../changes.js';
import { rolloutStream } from '../rollout.js';

export const ROLLOUT_CLOCK = 'rollout-clock';
const TICK_MS = 5_000;

const CONTEXT: CommandContext = { actor: { kind: 'process', id: ROLLOUT_CLOCK }, correlationid: ROLLOUT_CLOCK };

/** Stores what takes effect by the clock. */
export class RolloutClock {
  constructor(
    private readonly transactor: Transactor,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly terms: RateTerms,
  ) {}

  /** One process at a time ticks, until the signal aborts. */
  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const failed = (error: unknown) =>
      this.logger.warn({ err: error }, 'a planned change could not be stored; retrying');
    await runPeriodically({ name: ROLLOUT_CLOCK, everyMs: TICK_MS, tick: () => this.tick(), failed }, signal, locks);
  }

  async tick(): Promise<void> {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    if (dueChanges(state.changes, this.clock.now()).length === 0) return;
    await this.transactor.transact(rolloutStream, undefined, CONTEXT, (current) =>
      takeEffect(current, this.clock.now(), this.terms),
    );
  }
}
