import { setTimeout as sleep } from 'node:timers/promises';
import { GatehouseError } from '../../libs/kernel/errors.js';
import type { StatusAnswer } from './api-answers.js';
import type { ApiClient } from './api-client.js';
import { type Progress, silent } from './rendering/progress.js';

const POLL_MS = 100;
const LONGEST_POLL_MS = 1_000;
/** A consumer that has not moved for so long won't. */
const STUCK_MS = 60_000;
/** A reaction writes events that another one reacts to: flag, case, verdict, enforcement. */
const ROUNDS = 3;

const ANSWERING = /^(view|reactor):/;

/** A consumer of the log does not go on. */
export class ConsumerStuck extends GatehouseError {}

/**
 * Waits until consumers have passed a position; unless one is named, every view and reaction: what an answer of the API
 * rests on. How far events have gone out to Kafka is none of it.
 * @param told how far the slowest is
 * @throws ConsumerStuck when the slowest has not moved for a minute
 */
export async function passed(
  client: ApiClient,
  position: number,
  { name, told }: { name?: string; told?: (slowest: number) => void } = {},
): Promise<void> {
  let furthest = -1;
  let waitedMs = 0;
  for (let pollMs = POLL_MS; ; pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS)) {
    const { consumers } = await client.get<StatusAnswer>('/v1/status');
    const asked = consumers.filter((one) => (name === undefined ? ANSWERING.test(one.name) : one.name === name));
    const slowest = asked.toSorted((a, b) => Number(a.position) - Number(b.position))[0];
    const at = Number(slowest?.position ?? 0);
    told?.(Math.min(at, position));
    if (slowest && at >= position) return;
    if (at > furthest) [furthest, waitedMs, pollMs] = [at, 0, POLL_MS];
    else if (waitedMs > STUCK_MS) throw stuck(slowest?.name ?? name ?? 'any consumer', at, position);
    waitedMs += pollMs;
    await sleep(pollMs, undefined, { signal: client.signal });
  }
}

const stuck = (name: string, at: number, position: number) =>
  new ConsumerStuck(
    'consumer-stuck',
    `${name} has stood at ${at} for ${STUCK_MS / 1000} s and should reach ${position}: look at gatehouse status and the backend's log`,
    'unavailable',
  );

/** Waits until everything that follows from what is stored now has been worked off and shows in every view. */
export async function settled(client: ApiClient, progress: Progress = silent): Promise<void> {
  let before = -1;
  for (let round = 0; round < ROUNDS; round++) {
    const head = Number((await client.get<StatusAnswer>('/v1/status')).head);
    if (head === before) return;
    before = head;
    progress.start('views catch up', head);
    await passed(client, head, { told: (slowest) => progress.update(slowest) });
  }
}
