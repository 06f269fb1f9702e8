/*
 * Round figures as people say them. A word is used only if it is true of the exact figure: all comparisons are of integers,
 * since a quotient is rounded already.
 */

/** `3,100,000` */
export const digitsOf = (count: number | bigint): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

const BELOW_IS_EXACT = 1_000n;

/**
 * A count: exact below 1,000 and if it is round itself, otherwise `over` the next lower number of one significant digit, or of
 * two if that is below 9/10 of the count.
 * @param count a safe integer, not negative
 */
export function countWords(count: number): string {
  const exact = BigInt(count);
  if (exact < BELOW_IS_EXACT) return String(exact);
  const unit = 10n ** BigInt(String(exact).length - 1);
  const oneDigit = exact - (exact % unit);
  const round = oneDigit * 10n >= exact * 9n ? oneDigit : exact - (exact % (unit / 10n));
  return round === exact ? roundWords(round) : `over ${roundWords(round)}`;
}

const MILLION = 1_000_000n;
const NAMED = [
  [1_000_000_000n, 'billion'],
  [MILLION, 'million'],
] as const;

/** A number of at most two significant digits. */
function roundWords(round: bigint): string {
  for (const [unit, name] of NAMED) {
    if (round < unit) continue;
    const tenths = (round % unit) / (unit / 10n);
    return `${digitsOf(round / unit)}${tenths === 0n ? '' : `.${tenths}`} ${name}`;
  }
  return digitsOf(round);
}

const RARE = [5n, 2n, 1n] as const;

/**
 * A share: `none`, `all`, `fewer than` the next of 1, 0.5, 0.2, 0.1, 0.05 … percent, `over 99%`, or otherwise `about` the
 * nearest percent, below 10% the nearest tenth; without `about` if it is exactly that.
 * @param hits at most `of`
 * @param of more than 0
 */
export function shareWords(hits: number, of: number): string {
  if (hits === 0) return 'none';
  if (hits === of) return 'all';
  const [part, whole] = [BigInt(hits), BigInt(of)];
  if (part * 100n < whole) return `fewer than ${leastAbove(part, whole)}%`;
  if (part * 100n > whole * 99n) return 'over 99%';
  const perPercent = part * 10n < whole ? 10n : 1n;
  const scaled = part * 100n * perPercent;
  const nearest = (2n * scaled + whole) / (2n * whole);
  const words = `${decimal(nearest, perPercent === 10n ? 1 : 0)}%`;
  return nearest * whole === scaled ? words : `about ${words}`;
}

/** The least of 1, 0.5, 0.2, 0.1, 0.05 … that is above 100 · part / whole. */
function leastAbove(part: bigint, whole: bigint): string {
  let found = '1';
  for (let places = 1; ; places++)
    for (const step of RARE) {
      if (part * 100n * 10n ** BigInt(places) >= step * whole) return found;
      found = decimal(step, places);
    }
}

/** @param scaled the number times 10 to the power of `places` */
function decimal(scaled: bigint, places: number): string {
  const digits = String(scaled).padStart(places + 1, '0');
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '');
  return places === 0 || fraction === ''
    ? digits.slice(0, digits.length - places)
    : `${digits.slice(0, -places)}.${fraction}`;
}

const SIGNIFICANT = 100;
const MOST_PLACES = 12;

/** A proportion from 0 to 1 in percent, to three significant digits. */
export function percentText(proportion: number): string {
  const percent = proportion * 100;
  if (percent === 0) return '0%';
  let places = 0;
  for (let scaled = percent; scaled < SIGNIFICANT && places < MOST_PLACES; scaled *= 10) places++;
  return `${percent.toFixed(places)}%`;
}
