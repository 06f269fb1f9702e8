import type { Clock } from './clock.js';

/** Keeps an answer that is dear for so many milliseconds, by a clock that may be set back. What throws is not kept. */
export function atMostEach<Answer>(ms: number, clock: Clock, read: () => Promise<Answer>): () => Promise<Answer> {
  let known: { at: number; answer: Answer } | undefined;
  return async () => {
    const now = clock.now();
    if (!known || now - known.at >= ms || now < known.at) known = { at: now, answer: await read() };
    return known.answer;
  };
}
