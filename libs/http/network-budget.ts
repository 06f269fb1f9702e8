import { LRUCache } from 'lru-cache';
import { TooManyRequests } from './too-many-requests.js';

const MINUTE_MS = 60_000;
const MS_IN_S = 1_000;
const MAX_NETWORKS = 50_000;

interface Spent {
  count: number;
  /** When the count expires. */
  until: number;
}

/** Limits how often a network does something within a minute. */
export class NetworkBudget {
  private readonly spent = new LRUCache<string, Spent>({ max: MAX_NETWORKS });

  /**
   * @param what says what is limited, after "this address"
   * @param now monotonic milliseconds
   */
  constructor(
    private readonly perMinute: number,
    private readonly what: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws TooManyRequests for a network above its limit */
  spend(network: string): void {
    let spent = this.spent.get(network);
    if (!spent || spent.until <= this.now()) {
      spent = { count: 0, until: this.now() + MINUTE_MS };
      this.spent.set(network, spent);
    }
    spent.count++;
    if (spent.count <= this.perMinute) return;
    const seconds = Math.ceil((spent.until - this.now()) / MS_IN_S);
    throw new TooManyRequests(`this address ${this.what} over ${this.perMinute} times within a minute`, seconds);
  }
}
