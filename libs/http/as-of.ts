import { SetMetadata } from '@nestjs/common';
import { canLag } from './min-position.js';
import { MAX_MOMENT_LENGTH, MOMENT_FORM } from './moment.js';

const ANSWERS = 'gatehouse:as-of';

/** The query parameter of reads that answer as of an earlier moment. */
export const AS_OF = 'asOf';

/**
 * Declares that a route has the parameter `asOf`; who answers takes it from the query before the input pipe.
 * @param isReplayed whether the answer comes from views, which have to be replayed first
 */
export const HasAsOf = (isReplayed: boolean) => SetMetadata(ANSWERS, isReplayed);

/** Whether a handler has the parameter. */
export const hasAsOf = (handler: object): boolean => Reflect.hasMetadata(ANSWERS, handler);

/** The parameter in the API's document. */
export const AS_OF_PARAMETER = {
  name: AS_OF,
  in: 'query',
  required: false,
  description:
    'A position or a time (RFC 3339): the answer as it was when the log ended there. It may need a replay of the log; if that takes longer than a few seconds, the answer is `replay-running`, and a repeat gets the rest.',
  schema: { type: 'string', maxLength: MAX_MOMENT_LENGTH, pattern: MOMENT_FORM.source },
};

/** The problems that the parameter leads to, by status. */
export function asOfProblems(handler: object): Record<number, readonly string[]> {
  if (!hasAsOf(handler)) return {};
  const isReplayed = Reflect.getMetadata(ANSWERS, handler) || canLag(handler);
  return { 410: ['position-gone'], ...(isReplayed && { 503: ['replay-running'] }) };
}
