import type pg from 'pg';
import { Refusal, StoreUnavailable } from '../kernel/errors.js';
import { pause } from '../kernel/wait.js';
import type { LockSession } from '../subscriptions/lock-session.js';
import { sweep } from './builds.js';
import type { View } from './view.js';

const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS_MS = 1_500;

/**
 * Works on new builds of views while no other process does, and first removes those that were left behind.
 * @throws Refusal `rebuild-running` if one of the views is being rebuilt, verified or replayed elsewhere
 * @throws StoreUnavailable if the database does not answer
 */
export async function exclusively<Result>(
  pool: pg.Pool,
  locks: LockSession,
  views: readonly View[],
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const held: string[] = [];
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await holdAll(locks, views, held);
        break;
      } catch (error) {
        // A session that did not answer has lost its other locks too.
        await releaseAll(locks, held);
        if (!(error instanceof StoreUnavailable) || attempt === ATTEMPTS) throw error;
        await pause(BETWEEN_ATTEMPTS_MS, signal);
        signal?.throwIfAborted();
      }
    }
    for (const view of views) await sweep(pool, view);
    return await work();
  } finally {
    await releaseAll(locks, held);
  }
}

async function holdAll(locks: LockSession, views: readonly View[], held: string[]): Promise<void> {
  for (const { name } of views) {
    const lock = `rebuild:${name}`;
    if (!(await locks.hold(lock)))
      throw new Refusal('rebuild-running', `${name} is being rebuilt or verified: wait until that has ended`);
    held.push(lock);
  }
}

async function releaseAll(locks: LockSession, held: string[]): Promise<void> {
  for (const lock of held.splice(0)) await locks.release(lock);
}
