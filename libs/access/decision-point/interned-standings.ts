import { LRUCache } from 'lru-cache';
import type { AccountStanding } from '../../account/index.js';

const MAX_STANDINGS = 20_000;
/** Accounts with more deactivations or strikes are like no others, and their key would be long. */
const MAX_INTERNED = 4;

/**
 * One object for all accounts with equal state, such as those of a cohort under one version of the policy: a million
 * accounts in memory are then a million ids and few standings.
 */
export class InternedStandings {
  private readonly known = new LRUCache<string, AccountStanding>({ max: MAX_STANDINGS });

  /** Returns an equal standing, the same object if possible. */
  intern(standing: AccountStanding): AccountStanding {
    const { status, deactivated, suspendedUntil, policyVersion, earlierPolicies, cohortId, unreadable, ...more } =
      standing;
    const { consequences, ...others } = more;
    if (consequences && Object.values(consequences).some(({ length }) => length > MAX_INTERNED)) return standing;
    others satisfies Record<string, never>; // fails to compile if a new field is not part of the key
    const key = JSON.stringify([
      status,
      deactivated,
      suspendedUntil,
      policyVersion,
      earlierPolicies,
      cohortId,
      unreadable,
      consequences,
    ]);
    const known = this.known.get(key);
    if (known) return known;
    this.known.set(key, Object.freeze(standing));
    return standing;
  }
}
