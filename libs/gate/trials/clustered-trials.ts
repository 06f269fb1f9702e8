import { AccountEvidence } from '../account-evidence.js';
import type { Chance } from './chance.js';
import { type ShareOfRuns, shareOf } from './share-of-runs.js';

const EXPOSURES_PER_ACCOUNT = 20;

/** Where violations come from: most accounts make none, the others many. */
export interface Clustering {
  name: string;
  /** Of the accounts that violate, each as many: the share of their exposures that are violations. */
  rates: readonly number[];
  /** The account is deactivated at so many violations, and has no further exposure. */
  stopsAfter: number;
  /** Violations of one account that the rule with accounts as units counts. */
  cap: number;
}

/** Accounts never make more violations than the rule counts. */
export const CLUSTERINGS: readonly Clustering[] = [
  { name: 'a tenth of their images, stopped at the first', rates: [0.1], stopsAfter: 1, cap: 1 },
  { name: 'every image, stopped at the third', rates: [1], stopsAfter: 3, cap: 3 },
  { name: '2%, 20% or all of them, stopped at the third', rates: [0.02, 0.2, 1], stopsAfter: 3, cap: 3 },
  { name: '2%, 20% or all of them, never stopped', rates: [0.02, 0.2, 1], stopsAfter: 20, cap: 20 },
  { name: 'every image, never stopped', rates: [1], stopsAfter: 20, cap: 20 },
];

/** Breaks an assumption of the gate: accounts make more violations than the rule counts. */
export const BEYOND_THE_CAP: Clustering = {
  name: 'every image, never stopped, three of each account counted',
  rates: [1],
  stopsAfter: 20,
  cap: 3,
};

/** A rule at exposure level: it opens as soon as there are `boundary[x]` exposures with x violations. */
export interface BoundaryRule {
  name: string;
  boundary: ArrayLike<number>;
}

export interface ClusteredResult {
  /** In the order of the rules. */
  atExposureLevel: ShareOfRuns[];
  accounts: ShareOfRuns;
  /** Both tests of the gate pass at the same look; the first of the rules is its test at exposure level. */
  gate: ShareOfRuns;
}

/**
 * Rollouts whose mean rate over all exposures is the limit, with a look after every exposure and every account.
 * @param threshold of the logarithm of the evidence, for the test with accounts as units
 */
export function clusteredTrial(
  { rates, stopsAfter, cap }: Clustering,
  rules: readonly BoundaryRule[],
  plan: { limit: number; threshold: number; maxExposures: number; runs: number },
  chance: Chance,
): ClusteredResult {
  const { limit, threshold, maxExposures, runs } = plan;
  const logClean = Math.log1p(-shareOfViolators(rates, stopsAfter, limit));
  const opened = rules.map(() => 0);
  let [openedByAccounts, openedByGate] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const isOpen = rules.map(() => false);
    let [areAccountsOpen, isGateOpen] = [false, false];
    const accounts = new AccountEvidence(limit, cap);
    let [n, x] = [0, 0];
    const look = () => {
      for (let i = 0; i < rules.length; i++) isOpen[i] ||= n >= (rules[i]!.boundary[x] ?? Number.POSITIVE_INFINITY);
    };
    while (n < maxExposures) {
      const left = Math.ceil((maxExposures - n) / EXPOSURES_PER_ACCOUNT);
      const clean = Math.min(chance.failures(logClean), left);
      accounts.add(EXPOSURES_PER_ACCOUNT, 0, clean);
      n += clean * EXPOSURES_PER_ACCOUNT;
      look();
      // The evidence only grows from one clean account to the next, so this look finds what an earlier one would have.
      const pass = accounts.reaches(threshold);
      areAccountsOpen ||= pass;
      isGateOpen ||= pass && n >= (rules[0]!.boundary[x] ?? Number.POSITIVE_INFINITY);
      const [exposuresBefore, violationsBefore] = [n, x];
      const rate = chance.pick(rates);
      for (let i = 0; i < EXPOSURES_PER_ACCOUNT && x - violationsBefore < stopsAfter; i++) {
        if (chance.happens(rate)) {
          look();
          x++;
        }
        n++;
      }
      accounts.add(n - exposuresBefore, x - violationsBefore);
    }
    for (let i = 0; i < rules.length; i++) opened[i]! += Number(isOpen[i]);
    openedByAccounts += Number(areAccountsOpen);
    openedByGate += Number(isGateOpen);
  }
  return {
    atExposureLevel: opened.map((times) => shareOf(times, runs)),
    accounts: shareOf(openedByAccounts, runs),
    gate: shareOf(openedByGate, runs),
  };
}

/** The share of accounts that violate at which the mean rate over all exposures is the limit. */
export function shareOfViolators(rates: readonly number[], stopsAfter: number, limit: number): number {
  const means = rates.map((rate) => meansOf(rate, stopsAfter));
  const excess =
    means.reduce((sum, { exposures, violations }) => sum + violations - limit * exposures, 0) / rates.length;
  const clean = limit * EXPOSURES_PER_ACCOUNT;
  return clean / (excess + clean);
}

/** Of an account that violates at a rate, until it is stopped. */
function meansOf(rate: number, stopsAfter: number): { exposures: number; violations: number } {
  let going = Float64Array.from({ length: stopsAfter }, (_, x) => (x === 0 ? 1 : 0));
  let exposures = 0;
  for (let i = 0; i < EXPOSURES_PER_ACCOUNT; i++) {
    exposures += going.reduce((sum, one) => sum + one, 0);
    going = going.map((one, x) => one * (1 - rate) + (x > 0 ? going[x - 1]! * rate : 0));
  }
  return { exposures, violations: rate * exposures };
}
