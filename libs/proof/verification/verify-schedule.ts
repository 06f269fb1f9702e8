import type { ContextPorts, Schedule } from '../../context/context.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { originOf } from '../leaves/origin.js';
import { leavesOfStore, leavesOfTables } from '../leaves/read-leaves.js';
import { treeState } from '../leaves/stored-tree.js';
import { dueVerification, recordedVerification } from './recorded-verification.js';

const TICK_MS = 60_000;

/** Compares the log with its leaves by itself, since nobody remembers to. */
export class VerifySchedule implements Schedule {
  constructor(private readonly ports: Pick<ContextPorts, 'pool' | 'store' | 'settings' | 'logger'>) {}

  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    const { logger } = this.ports;
    await runPeriodically(
      {
        name: 'verify-log',
        everyMs: TICK_MS,
        tick: (ends) => this.tick(ends),
        failed: (error) => logger.warn({ err: error }, 'the log could not be verified; this is retried'),
      },
      signal,
      locks,
    );
  }

  async tick(signal?: AbortSignal): Promise<void> {
    const { pool, store, settings, logger } = this.ports;
    const { verifyMinutes: everyMinutes, verifyFullHours: fullEveryHours } = settings;
    const due = await dueVerification(pool, { everyMinutes, fullEveryHours });
    if (!due) return;
    const isInTables = settings.eventstoreUrl === undefined;
    const read = isInTables ? leavesOfTables(pool) : leavesOfStore(store);
    const origin = originOf(settings, (await treeState(pool)).epoch);
    const options = { isFull: due === 'full', ...(signal && { signal }) };
    const { fault } = await recordedVerification({ pool, read, isInTables, origin }, options);
    if (fault) logger.error({ fault }, 'the log was altered');
  }
}
