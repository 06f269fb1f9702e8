import { MAX_PER_WEEK } from '../../../libs/events/schemas.js';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { scaledRate } from '../simulated-staff.js';

const MOST_RATES = 6;
/** Scales have four decimals. */
const SCALES = 10_000;

/** @param texts that somebody gave @throws InvalidInput unless they are rates that differ */
export function ratesOf(texts: readonly string[]): number[] {
  const rates = [...new Set(texts.map(Number))];
  const isRate = (rate: number) => Number.isInteger(rate) && rate >= 1 && rate <= MAX_PER_WEEK;
  if (rates.length > 0 && rates.length <= MOST_RATES && rates.every(isRate)) return rates;
  const message = `must be one to ${MOST_RATES} integers from 1 to ${MAX_PER_WEEK}, such as 1000,2000`;
  throw new InvalidInput([{ field: '--rates', message }]);
}

/** As it is, and twice as much. */
export function usualRates(perWeek: number): number[] {
  const rate = Math.max(1, perWeek);
  return [...new Set([rate, Math.min(MAX_PER_WEEK, 2 * rate)])];
}

/** @throws InvalidInput if a rate is less than one person a week at the scale, or two of them are the same there */
export function refuseIndistinct(rates: readonly number[], scale: number): void {
  const areDistinct = (at: number) =>
    rates.every((rate) => rate * at >= 1) && new Set(rates.map((rate) => scaledRate(rate, at))).size === rates.length;
  if (areDistinct(scale)) return;
  let least = Math.ceil(scale * SCALES);
  while (!areDistinct(least / SCALES)) least++;
  const message = `of ${scale} makes rates of ${rates.join(', ')} less than one a week or the same: take ${least / SCALES}, or other --rates`;
  throw new InvalidInput([{ field: '--scale', message }]);
}
