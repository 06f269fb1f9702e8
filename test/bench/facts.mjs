import { systemClock, toIso } from '../../dist/libs/kernel/clock.js';
import { timeOrderedIds } from '../../dist/libs/kernel/ids.js';

const ids = timeOrderedIds(systemClock);
const ID_DIGITS = 16;
const ACCOUNTS = 50_000;
const ACTOR = { id: 'images', kind: 'service' };

/** An ImageShared for the store; data and metadata are about 300 bytes of JSON. */
export function fact(number) {
  const id = ids.next();
  const imageId = `img-${String(number).padStart(ID_DIGITS, '0')}`;
  const accountId = `acc-${String(number % ACCOUNTS).padStart(ID_DIGITS, '0')}`;
  return {
    id,
    type: 'ImageShared',
    data: { imageId, accountId, audience: 'public' },
    // As ingest makes it.
    metadata: {
      actor: ACTOR,
      correlationid: id,
      nonce: undefined,
      schemaversion: 1,
      source: '/image-service',
      subject: `image-${imageId}`,
      time: toIso(systemClock.now()),
    },
  };
}

/** @returns batches by lane: [lane][batch][event] */
export function factLanes(lanes, batchesPerLane, batchSize, first) {
  let number = first;
  return Array.from({ length: lanes }, () =>
    Array.from({ length: batchesPerLane }, () => Array.from({ length: batchSize }, () => fact(number++))),
  );
}

export const jsonBytes = (event) => JSON.stringify(event.data).length + JSON.stringify(event.metadata).length;
