import { pause } from '../kernel/wait.js';
import { ApiProblem } from './api-errors.js';
import { line, type Shown } from './rendering/plain-text.js';
import type { Session } from './session.js';

/** The newest signed checkpoint, and the last position that it covers; null if the log signs none. */
export interface CoveringCheckpoint {
  checkpoint: string | null;
  checkpointPosition: string | null;
}

/** A checkpoint follows an event within a second, where a projector runs. */
const WAIT_MS = 5_000;
const LOOK_MS = 250;

/** A signed checkpoint of the log that covers a position, as soon as there is one; after a while the newest that there is. */
export async function checkpointOver(
  { client, signal }: Pick<Session, 'client' | 'signal'>,
  position: string,
): Promise<CoveringCheckpoint> {
  for (let waited = 0; ; waited += LOOK_MS) {
    const found = await newest(client);
    if (found.checkpoint === null || covers(found, position) || waited >= WAIT_MS || signal.aborted) return found;
    await pause(LOOK_MS, signal);
  }
}

/** Says whether a checkpoint proves what ends at a position. */
export function checkpointText(found: Partial<CoveringCheckpoint>, position: string): Shown {
  const { checkpoint = null, checkpointPosition = null } = found;
  if (checkpoint === null) return line`without a signed checkpoint: this log signs none`;
  if (covers({ checkpointPosition }, position)) return line`with a signed checkpoint of the log that covers all of it`;
  const to = checkpointPosition === null ? 'an unknown position' : `position ${checkpointPosition}`;
  return line`with a signed checkpoint that covers the log only up to ${to}: get a later one at /log/checkpoint`;
}

/** False also for one of a server that does not say how far it goes. */
const covers = ({ checkpointPosition }: Pick<CoveringCheckpoint, 'checkpointPosition'>, position: string): boolean =>
  checkpointPosition !== null && Number(checkpointPosition) >= Number(position);

async function newest(client: Session['client']): Promise<CoveringCheckpoint> {
  try {
    const { bytes, headers } = await client.content('GET', '/log/checkpoint');
    return { checkpoint: bytes.toString(), checkpointPosition: headers.get('gatehouse-position') };
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return { checkpoint: null, checkpointPosition: null };
    throw error;
  }
}
