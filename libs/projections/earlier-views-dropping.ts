import { pause } from '../kernel/wait.js';
import type { Pool } from '../platform/database/database.js';
import type { Logger } from '../platform/logging/logger.js';
import { dropUnreadViews } from './earlier-views.js';

const TICK_MS = 60_000;

/** Drops views as of earlier positions once nobody has read them for a while. Several processes may do it at once. */
export class EarlierViewsDropping {
  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.tick().catch((err) => this.logger.warn({ err }, 'views as of earlier positions could not be dropped'));
      await pause(TICK_MS, signal);
    }
  }

  tick(): Promise<void> {
    return dropUnreadViews(this.pool);
  }
}
