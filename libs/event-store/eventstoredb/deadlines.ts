import type { StreamingRead } from '@eventstore/db-client';
import { within } from '../../kernel/wait.js';
import { EventStoreUnavailable } from '../event-store.js';

/** The server did not answer in time. */
export class NoAnswer extends EventStoreUnavailable {}

/** A read has no time limit, but data must arrive at least this often. */
const READ_SILENCE_MS = 10_000;

/** Limits waits that the clients don't limit (for an append on a broken stream, for the server's features). */
export const answerWithin = <Answer>(ms: number, answer: Promise<Answer>, asked: string): Promise<Answer> =>
  within(
    ms,
    () => answer,
    () => new NoAnswer(`the event store did not answer ${asked} within ${ms} ms`),
  );

/** For work that reports progress. */
export const unlessSilent = <Answer>(work: (heard: () => void) => Promise<Answer>, asked: string): Promise<Answer> =>
  within(
    READ_SILENCE_MS,
    work,
    () => new NoAnswer(`the event store fell silent for ${READ_SILENCE_MS} ms during ${asked}`),
  );

/** Collects a read. The client ignores deadlines of reads, so the time without data is limited here. */
export async function collect<Item>(read: StreamingRead<Item>, asked: string): Promise<Item[]> {
  const items: Item[] = [];
  read.on('error', () => {}); // without a listener, an error after the iteration would end the process
  try {
    await unlessSilent(async (heard) => {
      for await (const item of read) {
        items.push(item);
        heard();
      }
    }, asked);
    return items;
  } catch (error) {
    read.destroy();
    void read.cancel().catch(() => {});
    throw error;
  }
}
