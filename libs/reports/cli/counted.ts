import { setTimeout as sleep } from 'node:timers/promises';
import { ApiProblem } from '../../cli/api-errors.js';
import type { Session } from '../../cli/session.js';

const BETWEEN_MS = 2_000;

/** Asks until the log has been replayed: a repeat gets what was counted meanwhile. */
export async function counted<Answer>({ signal }: Session, ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === 'replay-running')) throw error;
      await sleep(BETWEEN_MS, undefined, { signal });
    }
  }
}
