/**
 * The result of a row, one for each budget that it measures.
 * @typedef {object} Measure
 * @property {string} what
 * @property {string} budget in words
 * @property {number} figure in `unit`
 * @property {string} unit
 * @property {string} [against] the yardstick's name
 * @property {number} [yardstick] in `unit`, from the same minute
 * @property {number} [ratio] figure / yardstick, the median over rounds
 * @property {boolean | undefined} met undefined without a budget
 * @property {boolean} [small] whether the run was smaller than the budget's size
 * @property {string} detail spread, sizes, conditions
 */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(round: number) => Promise<number>} run returns operations per second of one round
 */

export const ms = (value) => `${value.toFixed(2)} ms`;

export const median = (values) => quantile(values, 0.5);

/** Linear interpolation between the two nearest ranks. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.ceil(at)] - sorted[low]) * (at - low);
}

/**
 * Runs the contenders one after the other, round by round, each round in another order, after one warm-up round. A
 * disturbance of a shared machine then affects all of them alike.
 * @param {Contender[]} contenders
 * @param first 0 for a warm-up round, 1 for none
 * @returns {Promise<Map<string, number[]>>} the rate of each round by name
 */
export async function alternate(contenders, rounds, log, first = 0) {
  const rates = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = first; round <= rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const { name, run } = contenders[(round + turn) % contenders.length];
      globalThis.gc?.();
      const rate = await run(round);
      log(`  ${round === 0 ? 'warm-up' : `round ${round}`}: ${name} ${whole(rate)}/s`);
      if (round > 0) rates.get(name).push(rate);
    }
  }
  return rates;
}

/** The ratio is the median of the rounds' own ratios, since the figures of one round had the same conditions. */
export function compare(rates, ours, theirs) {
  const ratios = rates.get(ours).map((rate, round) => rate / rates.get(theirs)[round]);
  return {
    figure: median(rates.get(ours)),
    against: theirs,
    yardstick: median(rates.get(theirs)),
    ratio: median(ratios),
    spread: `ratios ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} over ${ratios.length} rounds`,
  };
}

/** Operations per second of one call. */
export async function rateOf(operations, work) {
  const started = performance.now();
  await work();
  return (operations * 1000) / (performance.now() - started);
}

/** Runs `work` for 0..count-1 with limited concurrency. */
export async function inFlight(count, width, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

export const whole = (value) => Math.round(value).toLocaleString('en-US');
