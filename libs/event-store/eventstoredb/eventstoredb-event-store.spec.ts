import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../kernel/clock.js';
import { eventStoreContract } from '../event-store.contract.js';
import { WriteTooLarge } from '../event-store.js';
import { newEvent } from '../sample-events.contract.js';
import { openBulkRead, openPlain } from './bulk-reader.js';
import { EventStoreDBEventStore } from './eventstoredb-event-store.js';
import { type LogRecord, positionOf, toRecorded } from './log-records.js';

const url = process.env.EVENTSTORE_URL;

if (url) {
  eventStoreContract('EventStoreDB', async () => ({
    connect: () => new EventStoreDBEventStore(url, systemClock),
    close: async () => {},
  }));

  const ours = (records: LogRecord[]) => records.map((record) => [positionOf(record), toRecorded(record)]);

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
      const store = new EventStoreDBEventStore(url, systemClock);
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

    it('rejects an invalid position', async () => {
      const store = new EventStoreDBEventStore(url, systemClock);
      const [result] = await store.append([
        { stream: `account-${newEvent().id}`, expected: 'any', events: [newEvent()] },
      ]);
      const { position } = result as { position: number };
      for (const wrong of [position - 1, position + 1_000_000_000])
        await expect(store.readAll(wrong)).rejects.toThrow('is not a position of this log');
      await store.close();
    });
  });
} else {
  describe('event store contract: EventStoreDB', () => {
    // biome-ignore lint/suspicious/noSkippedTests: it says in the report what was not tested, and how to test it
    it.skip('is not tested, since EVENTSTORE_URL is not set: give it the connection string of a server', () => {});
  });
}
