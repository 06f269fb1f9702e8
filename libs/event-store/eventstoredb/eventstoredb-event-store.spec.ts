import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventStoreDBProcess, startEventStoreDB } from '../../../test/support/eventstoredb/server-process.js';
import { StoredEvents } from '../../events/stored-events.js';
import { systemClock } from '../../kernel/clock.js';
import { eventStoreContract } from '../event-store.contract.js';
import { EventStoreUnavailable, UnknownPosition, WriteTooLarge } from '../event-store.js';
import { newEvent } from '../sample-events.contract.js';
import { openBulkRead, openPlain } from './bulk-reader.js';
import { EventStoreDBEventStore } from './eventstoredb-event-store.js';
import { type LogRecord, OwnRecords, positionOf } from './log-records.js';

/** A real server if one is named, else a process that imitates one. */
let server: EventStoreDBProcess | undefined;
let url = process.env.EVENTSTORE_URL ?? '';
beforeAll(async () => {
  if (url) return;
  server = await startEventStoreDB();
  url = server.url;
});
afterAll(() => server?.stop());

const stored = new StoredEvents([], ['account', 'facts']);
const lost: Error[] = [];
const openStore = () =>
  new EventStoreDBEventStore(url, systemClock, stored, { lostRejection: (error) => lost.push(error) });

eventStoreContract('EventStoreDB', async () => ({ connect: openStore, close: async () => {} }));

const ours = (records: LogRecord[]) =>
  records.map((record) => [positionOf(record), new OwnRecords(stored).ours(record)]);

describe('EventStoreDBEventStore', () => {
  it('returns the same pages of the whole log through either client', async () => {
    const [fast, plain] = [openBulkRead(url), openPlain(url)];
    for (const page of [await fast(0, 300), await fast(0, 1)]) {
      expect(ours(page)).toEqual(ours(await plain(0, page.length)));
      const from = Number(page.at(-1)!.commitPosition);
      expect(ours(await fast(from, 50))).toEqual(ours(await plain(from, 50)));
    }
  });

  it('rejects a write that is too large before it sends anything of the call', async () => {
    const store = openStore();
    const [small, large] = [newEvent(), newEvent('Tested', { text: 'x'.repeat(2_000_000) })];
    const stream = `account-${small.id}`;
    const call = store.append([
      { stream, expected: 'any', events: [small] },
      { stream: `account-${large.id}`, expected: 'any', events: [large] },
    ]);
    await expect(call).rejects.toThrow(WriteTooLarge);
    expect(await store.readStream(stream)).toEqual([]);
    await store.close();
  });

  it('rejects a position that the log has passed, and waits for one beyond its end', async () => {
    const store = openStore();
    const [result] = await store.append([
      { stream: `account-${newEvent().id}`, expected: 'any', events: [newEvent(), newEvent()] },
    ]);
    const { position } = result as { position: number };
    await expect(store.readAll(position - 1)).rejects.toThrow(UnknownPosition);
    await expect(store.readAll(position + 1_000_000_000)).rejects.toThrow(EventStoreUnavailable);
    await store.close();
  });

  it('rejects no position while a leader is chosen', async () => {
    if (!server) return; // a real server does not choose another on request
    const store = openStore();
    const [result] = await store.append([{ stream: 'account-1', expected: 'any', events: [newEvent(), newEvent()] }]);
    const { position } = result as { position: number };
    await server.setElection(true);
    for (const asked of [position, position - 1]) {
      await expect(store.readAll(asked, { including: true })).rejects.toThrow(EventStoreUnavailable);
    }
    await server.setElection(false);
    expect((await store.readAll(position, { including: true })).events).toHaveLength(1);
    await store.close();
  });
});
