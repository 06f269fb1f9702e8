import type { ContextPorts, Schedule } from '../../context/context.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { originOf } from '../leaves/origin.js';
import { treeState } from '../leaves/stored-tree.js';
import { verifierText } from '../tlog/signed-note.js';
import { configuredPolicy } from './configured-policy.js';
import { WitnessFeed } from './witness-feed.js';

const SECOND_MS = 1_000;

/**
 * Has the newest checkpoint cosigned again and again. Whatever a witness does, nothing else waits for it. The policy is read each
 * time, so that witnesses come and go without a restart.
 */
export class WitnessSchedule implements Schedule {
  private feed: { of: string; feed: WitnessFeed } | undefined;

  constructor(private readonly ports: Pick<ContextPorts, 'pool' | 'settings' | 'logger'>) {}

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
    const { witnesses = [] } = configuredPolicy(settings) ?? {};
    const of = [origin, ...witnesses.map(({ name, key, url }) => `${name} ${verifierText(key)} ${url}`)].join('\n');
    if (this.feed?.of !== of) {
      const refused = (refusal: string) => logger.error(`no checkpoint is signed any more: ${refusal}`);
      const feed = new WitnessFeed(pool, origin, witnesses, this.everyMs, { refused });
      this.feed = { of, feed };
    }
    await this.feed.feed.feed(signal);
  }

  private get everyMs(): number {
    return this.ports.settings.witnessSeconds * SECOND_MS;
  }
}
