import type { StreamingRead } from '@eventstore/db-client';
import { StoreUnavailable } from '../../kernel/errors.js';

/** The server said nothing in time. */
export class NoAnswer extends StoreUnavailable {}

/** A read may take as long as it likes, but something has to come at least this often. */
const READ_SILENCE_MS = 10_000;

/** The clients wait for ever in places (for an append on a stream that broke, for the server's features); we do not. */
export async function answerWithin<Answer>(ms: number, answer: Promise<Answer>, asked: string): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`the event store did not answer ${asked} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** For work that says when it heard something. */
export async function unlessSilent<Answer>(
  work: (heard: () => void) => Promise<Answer>,
  asked: string,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(saidNothing(asked))), READ_SILENCE_MS);
  });
  try {
    return await Promise.race([work(() => timer?.refresh()), silence]);
  } finally {
    clearTimeout(timer);
  }
}

const saidNothing = (asked: string) => `the event store fell silent for ${READ_SILENCE_MS} ms during ${asked}`;

/** Everything a read gives. The client ignores deadlines of reads, so the silence is watched here. */
export async function collect<Item>(read: StreamingRead<Item>, asked: string): Promise<Item[]> {
  const items: Item[] = [];
  read.on('error', () => {}); // one that comes when nobody iterates any more would end the process
  const silence = setTimeout(() => {
    read.destroy(new NoAnswer(saidNothing(asked)));
  }, READ_SILENCE_MS);
  let complete = false;
  try {
    for await (const item of read) {
      items.push(item);
      silence.refresh();
    }
    complete = true;
    return items;
  } finally {
    clearTimeout(silence);
    if (!complete) void read.cancel().catch(() => {});
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
