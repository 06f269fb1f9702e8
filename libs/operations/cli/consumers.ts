import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../cli/api-client.js';
import { plainLine } from '../../cli/rendering/plain-text.js';
import { type Progress, silent } from '../../cli/rendering/progress.js';
import { number } from '../../cli/rendering/table.js';
import { GatehouseError } from '../../kernel/errors.js';
import type { StatusAnswer } from '../queries/show-status.js';

type ConsumerStatus = StatusAnswer['consumers'][number];
type Retrying = NonNullable<ConsumerStatus['retrying']>;

const POLL_MS = 100;
const LONGEST_POLL_MS = 1_000;
/** A consumer that neither works nor finishes anything for this long is stuck. */
const STUCK_MS = 60_000;
/** A reactor's events may cause another reactor's: flag, case, verdict, enforcement. */
const ROUNDS = 3;

const ANSWERING = /^(view|reactor):/;

/**
 * Waits until consumers have passed a position: the named one, or every view and reactor, since the API's responses depend
 * on those. The publisher doesn't count.
 * @param onProgress receives the slowest position
 * @throws GatehouseError consumer-stuck if the slowest neither works nor finishes any event for a minute
 */
export async function passed(
  client: ApiClient,
  position: number,
  { name, onProgress }: { name?: string; onProgress?: (slowest: number) => void } = {},
): Promise<void> {
  let before = '';
  let movedAt = performance.now();
  for (let pollMs = POLL_MS; ; pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS)) {
    const { consumers } = await client.get<StatusAnswer>('/v1/status');
    const asked = consumers.filter((one) => (name === undefined ? ANSWERING.test(one.name) : one.name === name));
    const slowest = asked.toSorted((a, b) => Number(a.position) - Number(b.position))[0];
    const at = Number(slowest?.position ?? 0);
    onProgress?.(Math.min(at, position));
    if (slowest && at >= position) return;
    const now = `${slowest?.name} ${at} ${slowest?.finished}`;
    if (now !== before) [before, movedAt, pollMs] = [now, performance.now(), POLL_MS];
    else if (slowest?.working) movedAt = performance.now();
    else if (performance.now() - movedAt > STUCK_MS) throw stuck(slowest, name, position);
    await sleep(pollMs, undefined, { signal: client.signal });
  }
}

/** An event that is retried, as in "ReviewConfirmed at position 1047 (key acc-1), failed 12 times since …". */
export const retryText = ({ type, position, key, failures, since }: Retrying): string =>
  plainLine(`${type} at position ${position} (key ${key}), failed ${number(failures)} times since ${since}`);

function stuck(consumer: ConsumerStatus | undefined, name = 'any consumer', position: number): GatehouseError {
  const cause = consumer?.retrying && `: it retries ${retryText(consumer.retrying)}`;
  return new GatehouseError(
    'consumer-stuck',
    `${consumer?.name ?? name} has been at position ${consumer?.position ?? 0} for ${STUCK_MS / 1000} s, has finished nothing ` +
      `beyond it meanwhile, and must reach ${position}${cause ?? ''}: check gatehouse status and the log of the backend`,
    'unavailable',
  );
}

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
