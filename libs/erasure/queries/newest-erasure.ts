import type { EventStore } from '../../event-store/event-store.js';
import type { KeyStore } from '../../platform/key-store/key-store.js';
import { StartFailure } from '../../platform/start-failure.js';
import { keysStream } from '../keys.js';

/** @throws StartFailure key-store-outdated if the key store still has keys that the log says are destroyed */
export async function refuseOlderKeys(
  store: Pick<EventStore, 'readStreamTail'>,
  { epoch, directory }: Pick<KeyStore, 'epoch' | 'directory'>,
): Promise<void> {
  const [last] = await store.readStreamTail(keysStream.category, 1);
  const newest = Number(last?.data.keyEpoch ?? 0);
  if (newest <= epoch) return;
  throw new StartFailure(
    'key-store-outdated',
    `the key store in ${directory} is of epoch ${epoch}, but keys were destroyed in epoch ${newest} (position ${last!.position} of the log), so it would undo erasures: put the newest copy of the key directory in its place`,
  );
}
