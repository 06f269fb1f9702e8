import type { Transactor } from '../../event-store/transact.js';
import type { Position } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { type Rollout, rolloutStream } from '../rollout.js';

/** The rollout with everything up to an event of its stream. @throws StoreUnavailable if the store does not have it yet */
export async function rolloutSince(transactor: Transactor, position: Position): Promise<Rollout> {
  const rollout = await transactor.load(rolloutStream, undefined);
  if (rollout.position >= position) return rollout.state;
  throw new StoreUnavailable(
    `the store returned the rollout stream only up to ${rollout.position}, before ${position}`,
  );
}
