import { SetMetadata } from '@nestjs/common';
import { GIVEN_POSITION } from '../kernel/text-forms.js';

const WAITS = 'gatehouse:min-position';

/** The query parameter of every read of the log and of what follows from it. */
export const MIN_POSITION = 'minPosition';

/**
 * Declares that a route has the parameter `minPosition`; who waits for it takes it from the query before the input pipe.
 * @param canLag false if the answer includes every write anyway
 */
export const WaitsForPosition = (canLag: boolean) => SetMetadata(WAITS, canLag);

/** Whether a handler has the parameter. */
export const hasMinPosition = (handler: object): boolean => Reflect.hasMetadata(WAITS, handler);

/** Whether its answer comes from views. */
export const canLag = (handler: object): boolean => Reflect.getMetadata(WAITS, handler) === true;

/** The parameter in the API's document. */
export const MIN_POSITION_PARAMETER = {
  name: MIN_POSITION,
  in: 'query',
  required: false,
  description: 'A position, digits or `EPOCH-digits`: the answer waits until it includes that write.',
  schema: { type: 'string', pattern: GIVEN_POSITION },
};

/** The problems that the parameter leads to, by status. */
export function positionProblems(handler: object): Record<number, readonly string[]> {
  if (!hasMinPosition(handler)) return {};
  const gone = { 410: ['position-gone'] };
  return canLag(handler) ? { ...gone, 503: ['not-caught-up'] } : gone;
}
