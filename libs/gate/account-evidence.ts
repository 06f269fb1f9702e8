const BETS = 24;
const LEAST_BET = 0.02;
const LARGEST_BET = 0.98;

/**
 * The evidence that the violation rate is below a limit, with the account as the unit. Violations cluster: a test that counts
 * exposures as if each were independent opens wrongly in 38 to 96% of cases at the limit if a few accounts make most violations.
 *
 * Account j had n_j exposures, x_j of them violations, and S_j = min(x_j, cap) - limit n_j. The evidence is the mean over 24 bets
 * of the product of (1 - bet S_j): a mixture of betting e-processes. Each factor is positive, since no bet exceeds 0.98 / cap,
 * and at most 1 in the mean if the capped violations are at or above the limit. Sources: I. Waudby-Smith, A. Ramdas, "Estimating
 * means of bounded random variables by betting", J. R. Stat. Soc. B 86 (2024) 1–27; J. Ville (1939).
 *
 * Accounts are added in the order in which they were onboarded, each once it is closed by the clock (closedPrefix), never
 * because of what was found in it.
 */
export class AccountEvidence {
  readonly #limit: number;
  readonly #cap: number;
  readonly #bets: Float64Array;
  readonly #logProducts = new Float64Array(BETS);

  /**
   * @param limit between 0 and 1
   * @param cap violations of one account that count: 1 if the first confirmed one deactivates the account, else 3
   */
  constructor(limit: number, cap: number) {
    if (!Number.isInteger(cap) || cap < 1) throw new RangeError(`a cap of ${cap} violations: it is an integer above 0`);
    this.#limit = limit;
    this.#cap = cap;
    this.#bets = betsOf(cap);
  }

  /**
   * @param exposures n_j of each account
   * @param violations x_j of each account
   * @param accounts the number of accounts with these counts
   */
  add(exposures: number, violations: number, accounts = 1): void {
    const stake = Math.min(violations, this.#cap) - this.#limit * exposures;
    for (let i = 0; i < BETS; i++) this.#logProducts[i]! += accounts * Math.log1p(-this.#bets[i]! * stake);
  }

  /** The logarithm of the evidence; 0 without any account. */
  get logE(): number {
    const most = this.#most;
    return most + Math.log(this.#logProducts.reduce((sum, one) => sum + Math.exp(one - most), 0) / BETS);
  }

  /** Whether the logarithm of the evidence is at least the threshold. */
  reaches(threshold: number): boolean {
    // The mean of the products is at most the largest of them.
    return this.#most >= threshold && this.logE >= threshold;
  }

  get #most(): number {
    return this.#logProducts.reduce((most, one) => Math.max(most, one));
  }
}

/** Spaced evenly by their logarithms. */
function betsOf(cap: number): Float64Array {
  const step = Math.log(LARGEST_BET / LEAST_BET) / (BETS - 1);
  return Float64Array.from({ length: BETS }, (_, i) => (LEAST_BET * Math.exp(i * step)) / cap);
}
