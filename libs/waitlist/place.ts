/** A place below which no other is given, so that nobody learns who has left just before. */
const LEAST_PLACE = 10;
const DIGITS_GIVEN = 2;

/**
 * A place as it is given to somebody who waits: rounded up to two digits, and at least 10, so that it reveals neither when one
 * other person joins or leaves nor how many people are ahead exactly.
 */
export function roundedPlace(ahead: number): number {
  const place = ahead + 1;
  const step = 10 ** Math.max(1, String(place).length - DIGITS_GIVEN);
  return Math.max(LEAST_PLACE, Math.ceil(place / step) * step);
}
