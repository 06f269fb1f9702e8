import { atPresent } from './earlier-moment.js';

/**
 * A question that many ask at once. Callers share one request before it is sent, so that the answer is newer than each call;
 * those that ask while it is under way share the next one. It is about the present, also if the caller is not.
 */
export function coalesced<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<Answer> | undefined;
  return () => {
    next ??= underWay.then(() => {
      next = undefined;
      const answer = atPresent(ask);
      underWay = answer.catch(() => {});
      return answer;
    });
    return next;
  };
}
