import type { Clock } from './clock.js';

/**
 * Keeps an answer that is dear for so many milliseconds, by a clock that may be set back. Those who ask while it is read share
 * the reading. What throws is not kept.
 */
export function atMostEach<Answer>(ms: number, clock: Clock, read: () => Promise<Answer>): () => Promise<Answer> {
  let known: { at: number; answer: Promise<Answer> } | undefined;
  return () => {
    const now = clock.now();
    if (known && now - known.at < ms && now >= known.at) return known.answer;
    const reading = { at: now, answer: read() };
    known = reading;
    reading.answer.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading.answer;
  };
}
