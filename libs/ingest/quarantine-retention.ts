import { pause } from '../kernel/wait.js';
import type { Logger } from '../platform/logging/logger.js';
import type { Quarantine } from './quarantine.js';

const TICK_MS = 3_600_000;

/** Deletes expired quarantine entries every hour. Several processes may do it at once. */
export class QuarantineRetention {
  constructor(
    private readonly quarantine: Quarantine,
    private readonly days: number,
    private readonly logger: Logger,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.tick().catch((err) => this.logger.warn({ err }, 'expired quarantine entries could not be deleted'));
      await pause(TICK_MS, signal);
    }
  }

  async tick(): Promise<void> {
    await this.quarantine.purge(this.days);
  }
}
