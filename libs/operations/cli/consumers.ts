import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../cli/api-client.js';
import { line, type Shown } from '../../cli/rendering/plain-text.js';
import { type Progress, silent } from '../../cli/rendering/progress.js';
import { number } from '../../cli/rendering/table.js';
import { GatehouseError } from '../../kernel/errors.js';
import type { StatusAnswer } from '../queries/show-status.js';

type ConsumerStatus = StatusAnswer['consumers'][number];
type Work = NonNullable<ConsumerStatus['workingOn']>;
type Retrying = NonNullable<ConsumerStatus['retrying']>;

const POLL_MS = 100;
const LONGEST_POLL_MS = 1_000;
/** A consumer that neither works nor finishes anything for this long is stuck. */
const STUCK_MS = 60_000;
/** So is one that works for this long and finishes nothing: its event may never end. */
const HANGING_MS = 3_600_000;
/** A reactor's events may cause another reactor's: flag, case, verdict, enforcement. */
const ROUNDS = 3;

const ANSWERING = /^(view|reactor):/;

/**
 * Waits until consumers have passed a position: the named one, or every view and reactor, since the API's responses depend
 * on those. The publisher doesn't count.
 * @param onProgress receives the slowest position
 * @throws GatehouseError consumer-stuck if the slowest neither works nor finishes any event for a minute, or finishes none for
 * an hour
 */
export async function passed(
  client: ApiClient,
  position: number,
  { name, onProgress }: { name?: string; onProgress?: (slowest: number) => void } = {},
): Promise<void> {
  let before = '';
  let movedAt = performance.now();
  let workedAt = movedAt;
  for (let pollMs = POLL_MS; ; pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS)) {
    const { consumers } = await client.get<StatusAnswer>('/v1/status');
    const asked = consumers.filter((one) => (name === undefined ? ANSWERING.test(one.name) : one.name === name));
    const slowest = asked.toSorted((a, b) => Number(a.position) - Number(b.position))[0];
    const at = Number(slowest?.position ?? 0);
    onProgress?.(Math.min(at, position));
    if (slowest && at >= position) return;
    const seen = `${slowest?.name} ${at} ${slowest?.finished}`;
    const now = performance.now();
    if (seen !== before) [before, movedAt, pollMs] = [seen, now, POLL_MS];
    if (movedAt === now || slowest?.working) workedAt = now;
    if (now - workedAt > STUCK_MS || now - movedAt > HANGING_MS) throw stuck(slowest, name, position, now - movedAt);
    await sleep(pollMs, undefined, { signal: client.signal });
  }
}

const eventText = ({ type, position, key }: Work): string => `${type} at position ${position} (key ${key})`;

/** What a reactor works on, as in "works on ReviewConfirmed at position 1047 (key acc-1) since …". */
export const workText = (work: Work): Shown => line`works on ${eventText(work)} since ${work.since}`;

/** The same for an event that is retried. */
export const retryText = ({ failures, since, ...work }: Retrying): Shown =>
  line`retries ${eventText({ ...work, since })}, failed ${number(failures)} times since ${since}`;

function stuck(
  { name, position, retrying, workingOn }: Partial<ConsumerStatus> = {},
  asked: string | undefined,
  to: number,
  forMs: number,
) {
  const works = [...(workingOn ? [workText(workingOn)] : []), ...(retrying ? [retryText(retrying)] : [])];
  const cause = works.length > 0 ? `: it ${works.join(', and ')}` : '';
  return new GatehouseError(
    'consumer-stuck',
    `${name ?? asked ?? 'any consumer'} has been at position ${position ?? 0} for ${Math.round(forMs / 1000)} s, has finished nothing ` +
      `beyond it meanwhile, and must reach ${to}${cause}: check gatehouse status and the log of the backend`,
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
