import type { ContextPorts, Schedule } from '../../context/context.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { originOf } from '../leaves/origin.js';
import { treeState } from '../leaves/stored-tree.js';
import type { TrustPolicy } from '../tlog/trust-policy.js';
import { WitnessFeed } from './witness-feed.js';

const SECOND_MS = 1_000;

/** Has the newest checkpoint cosigned again and again. Whatever a witness does, nothing else waits for it. */
export class WitnessSchedule implements Schedule {
  private feed: { origin: string; feed: WitnessFeed } | undefined;

  constructor(
    private readonly ports: Pick<ContextPorts, 'pool' | 'settings' | 'logger'>,
    private readonly policy: TrustPolicy,
  ) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    await runPeriodically(
      {
        name: 'witnesses',
        everyMs: this.everyMs,
        tick: (ends) => this.tick(ends),
        failed: (error) =>
          this.ports.logger.warn({ err: error }, 'the witnesses could not be asked for signatures; this is retried'),
      },
      signal,
      locks,
    );
  }

  async tick(signal?: AbortSignal): Promise<void> {
    const { pool, settings, logger } = this.ports;
    const origin = originOf(settings, (await treeState(pool)).epoch);
    if (this.feed?.origin !== origin) {
      const refused = (refusal: string) => logger.error(`no checkpoint is signed any more: ${refusal}`);
      const feed = new WitnessFeed(pool, origin, this.policy.witnesses, this.everyMs, { refused });
      this.feed = { origin, feed };
    }
    await this.feed.feed.feed(signal);
  }

  private get everyMs(): number {
    return this.ports.settings.witnessSeconds * SECOND_MS;
  }
}
