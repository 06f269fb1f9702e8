import type { Position } from '../kernel/envelope.js';
import { InvalidInput } from '../kernel/errors.js';
import { isPositionText } from '../kernel/text-forms.js';

/** Parses a position, digits, from a client. @throws InvalidInput */
export function positionOf(text: string, field: string): Position {
  const position = Number(text);
  if (isPositionText(text) && Number.isSafeInteger(position)) return position;
  throw new InvalidInput([
    {
      field,
      message: `must be a position as this service gives it, digits only; is ${JSON.stringify(text.slice(0, 40))}`,
    },
  ]);
}
