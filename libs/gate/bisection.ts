/**
 * The least integer that a test holds for, if it holds for each one above it too.
 * @param from a safe integer
 * @throws RangeError if it holds for no safe integer
 */
export function leastInteger(from: number, holds: (candidate: number) => boolean): number {
  if (holds(from)) return from;
  let [below, step] = [from, 1];
  while (!holds(below + step)) {
    below += step;
    step *= 2;
    if (below + step > Number.MAX_SAFE_INTEGER) throw new RangeError(`no safe integer from ${from} on passes the test`);
  }
  let above = below + step;
  while (above - below > 1) {
    const middle = below + Math.floor((above - below) / 2);
    if (holds(middle)) above = middle;
    else below = middle;
  }
  return above;
}

/** Where a test begins to hold between two numbers, to the last digit. @returns a number that it holds for, or `above` */
export function leastNumber(from: number, above: number, holds: (candidate: number) => boolean): number {
  let [low, high] = [from, above];
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return high;
    if (holds(middle)) high = middle;
    else low = middle;
  }
}
