import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../cli/api-client.js';
import { type Progress, silent } from '../../cli/rendering/progress.js';
import { GatehouseError } from '../../kernel/errors.js';
import type { StatusAnswer } from '../queries/show-status.js';

const POLL_MS = 100;
const LONGEST_POLL_MS = 1_000;
/** A consumer without progress for this long is stuck. */
const STUCK_MS = 60_000;
/** A reactor's events may cause another reactor's: flag, case, verdict, enforcement. */
const ROUNDS = 3;

const ANSWERING = /^(view|reactor):/;

/**
 * Waits until consumers have passed a position: the named one, or every view and reactor, since the API's responses depend
 * on those. The publisher doesn't count.
 * @param onProgress receives the slowest position
 * @throws GatehouseError consumer-stuck if the slowest makes no progress for a minute
 */
export async function passed(
  client: ApiClient,
  position: number,
  { name, onProgress }: { name?: string; onProgress?: (slowest: number) => void } = {},
): Promise<void> {
  let furthest = -1;
  let waitedMs = 0;
  for (let pollMs = POLL_MS; ; pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS)) {
    const { consumers } = await client.get<StatusAnswer>('/v1/status');
    const asked = consumers.filter((one) => (name === undefined ? ANSWERING.test(one.name) : one.name === name));
    const slowest = asked.toSorted((a, b) => Number(a.position) - Number(b.position))[0];
    const at = Number(slowest?.position ?? 0);
    onProgress?.(Math.min(at, position));
    if (slowest && at >= position) return;
    if (at > furthest) [furthest, waitedMs, pollMs] = [at, 0, POLL_MS];
    else if (waitedMs > STUCK_MS) throw stuck(slowest?.name ?? name ?? 'any consumer', at, position);
    waitedMs += pollMs;
    await sleep(pollMs, undefined, { signal: client.signal });
  }
}

const stuck = (name: string, at: number, position: number) =>
  new GatehouseError(
    'consumer-stuck',
    `${name} has been at position ${at} for ${STUCK_MS / 1000} s and must reach ${position}: check gatehouse status and the log of the backend`,
    'unavailable',
  );

/** Waits until every view shows the stored events and all their consequences. */
export async function settled(client: ApiClient, progress: Progress = silent): Promise<void> {
  let before = -1;
  for (let round = 0; round < ROUNDS; round++) {
    const head = Number((await client.get<StatusAnswer>('/v1/status')).head);
    if (head === before) return;
    before = head;
    progress.start('views catch up', head);
    await passed(client, head, { onProgress: (slowest) => progress.update(slowest) });
  }
}
