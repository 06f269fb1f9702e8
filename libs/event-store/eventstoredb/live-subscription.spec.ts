import { PassThrough } from 'node:stream';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';
import { StoredEvents } from '../../events/stored-events.js';
import { newEvent } from '../sample-events.contract.js';
import { LiveSubscription } from './live-subscription.js';
import { type LogRecord, OwnRecords } from './log-records.js';

type Checkpoint = (subscription: unknown, position: { commit: bigint }) => void;

/** The server's side of the newest subscription, controlled by the spec. */
function startPushing() {
  let stream = new PassThrough();
  let checkpointReached: Checkpoint | undefined;
  const client = {
    subscribeToAll: ({ filter }: { filter: { checkpointReached: Checkpoint } }) => {
      ({ checkpointReached } = filter);
      stream = Object.assign(new PassThrough({ objectMode: true }), { unsubscribe: async () => {} });
      return stream;
    },
  } as unknown as EventStoreDBClient;
  return {
    client,
    push: async (...positions: number[]) => {
      for (const position of positions) stream.write(recordAt(position));
      await new Promise((resolve) => setImmediate(resolve));
    },
    checkpoint: (position: number) => checkpointReached!(stream, { commit: BigInt(position) }),
  };
}

function recordAt(position: number): LogRecord {
  const { id, type, data, metadata } = newEvent();
  const place = { commit: BigInt(position), prepare: BigInt(position) };
  return {
    event: {
      streamId: 'account-1',
      id,
      revision: 0n,
      type,
      isJson: true,
      created: new Date(0),
      data,
      metadata,
      position: place,
    },
    commitPosition: place.commit,
  };
}

const { signal } = new AbortController();

describe('LiveSubscription', () => {
  it('does not count pushed events that are still buffered as read', async () => {
    const server = startPushing();
    const live = new LiveSubscription(server.client, 1, new OwnRecords(new StoredEvents([], ['account'])));
    await server.push(10, 20, 30);
    server.checkpoint(40);
    expect((await live.take(2, 0, signal)).map(({ position }) => position)).toEqual([10, 20]);
    expect(live.lookedUpTo).toBe(0);
    expect((await live.take(2, 0, signal)).map(({ position }) => position)).toEqual([30]);
    expect(live.lookedUpTo).toBe(40);
    live.close();
  });
});
