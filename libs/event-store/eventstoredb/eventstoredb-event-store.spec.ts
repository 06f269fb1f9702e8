import { describe, it } from '@jest/globals';
import { eventStoreContract } from '../event-store.contract.js';
import { EventStoreDBEventStore } from './eventstoredb-event-store.js';

const url = process.env.EVENTSTORE_URL;

if (url) {
  eventStoreContract('EventStoreDB', async () => ({
    connect: () => new EventStoreDBEventStore(url),
    close: async () => {},
  }));
} else {
  describe('event store contract: EventStoreDB', () => {
    // biome-ignore lint/suspicious/noSkippedTests: it says in the report what was not tested, and how to test it
    it.skip('is not tested, since EVENTSTORE_URL is not set: give it the connection string of a server', () => {});
  });
}
