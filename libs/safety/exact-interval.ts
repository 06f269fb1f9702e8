/** Of each tail of a 95% interval. */
const TAIL = 0.025;
const MAX_TERMS = 10_000;
const BISECTIONS = 60;
const TINY = 1e-300;

/**
 * The exact 95% interval of a proportion: C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in
 * the case of the binomial", Biometrika 26 (1934) 404–413, by quantiles of the beta distribution, so that neither number need be
 * an integer.
 * @param of more than 0
 */
export function exactInterval(hits: number, of: number): { low: number; high: number } {
  return {
    low: hits <= 0 ? 0 : betaQuantile(TAIL, hits, of - hits + 1),
    high: hits >= of ? 1 : betaQuantile(1 - TAIL, hits + 1, of - hits),
  };
}

/** The distribution function grows, so halving finds it. */
function betaQuantile(probability: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let n = 0; n < BISECTIONS; n++) {
    const middle = (low + high) / 2;
    if (betaDistribution(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularized incomplete beta function, by its continued fraction: Abramowitz and Stegun, 26.5.8. */
function betaDistribution(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast only below the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaDistribution(1 - x, b, a);
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (Math.exp(front) / a) * fraction(x, a, b);
}

/** Lentz's method. */
function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = inverse(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = inverse(1 + even * d);
    c = 1 + even / c || TINY;
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = inverse(1 + odd * d);
    c = 1 + odd / c || TINY;
    const step = d * c;
    value *= step;
    if (Math.abs(step - 1) < Number.EPSILON) break;
  }
  return value;
}

const inverse = (value: number): number => 1 / (value || TINY);

/** Lanczos' approximation with seven and nine terms: SIAM J. Numer. Anal. B 1 (1964) 86–96. @param z more than 0 */
function logGamma(z: number): number {
  const [first, ...rest] = LANCZOS as [number, ...number[]];
  const sum = rest.reduce((so, term, n) => so + term / (z + n), first);
  const t = z + LANCZOS_G - 0.5;
  return Math.log(Math.sqrt(2 * Math.PI)) + (z - 0.5) * Math.log(t) - t + Math.log(sum);
}

const LANCZOS_G = 7;
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
