import type { StreamingRead } from '@eventstore/db-client';
import { StoreUnavailable } from '../../kernel/errors.js';
import { within } from '../../kernel/wait.js';

/** The server said nothing in time. */
export class NoAnswer extends StoreUnavailable {}

/** A read may take as long as it likes, but something has to come at least this often. */
const READ_SILENCE_MS = 10_000;

/** The clients wait for ever in places (for an append on a stream that broke, for the server's features); we do not. */
export const answerWithin = <Answer>(ms: number, answer: Promise<Answer>, asked: string): Promise<Answer> =>
  within(
    ms,
    () => answer,
    () => new NoAnswer(`the event store did not answer ${asked} within ${ms} ms`),
  );

/** For work that says when it heard something. */
export const unlessSilent = <Answer>(work: (heard: () => void) => Promise<Answer>, asked: string): Promise<Answer> =>
  within(
    READ_SILENCE_MS,
    work,
    () => new NoAnswer(`the event store fell silent for ${READ_SILENCE_MS} ms during ${asked}`),
  );

/** Everything a read gives. The client ignores deadlines of reads, so the silence is watched here. */
export async function collect<Item>(read: StreamingRead<Item>, asked: string): Promise<Item[]> {
  const items: Item[] = [];
  read.on('error', () => {}); // one that comes when nobody iterates any more would end the process
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

/** Shares one question among all who ask before it is sent, so that each answer is newer than its asking. */
export function sharedQuestion<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<Answer> | undefined;
  return () => {
    next ??= underWay.then(() => {
      next = undefined;
      const answer = ask();
      underWay = answer.catch(() => {});
      return answer;
    });
    return next;
  };
}
