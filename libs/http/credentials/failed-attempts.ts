import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { TooManyRequests } from '../too-many-requests.js';

const MINUTE_MS = 60_000;
const MS_IN_S = 1_000;
const MAX_NETWORKS = 50_000;
const NETWORK_BYTES = 8;

interface Failures {
  count: number;
  /** When the count expires. */
  until: number;
}

/** Counts the invalid credentials per network and minute. */
export class FailedAttempts {
  private readonly failures = new LRUCache<string, Failures>({ max: MAX_NETWORKS });
  /** When the last count expires. */
  private latest = 0;

  /** @param now monotonic milliseconds */
  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** False if no count is active: callers can then skip the check. */
  get any(): boolean {
    return this.now() < this.latest;
  }

  note(address: string): void {
    const network = networkOf(address);
    const known = this.inForce(network);
    if (known) {
      known.count++;
      return;
    }
    this.latest = this.now() + MINUTE_MS;
    this.failures.set(network, { count: 1, until: this.latest });
  }

  /** @throws TooManyRequests for an address above its limit */
  check(address: string): void {
    const known = this.inForce(networkOf(address));
    if (!known || known.count <= this.perMinute) return;
    const seconds = Math.ceil((known.until - this.now()) / MS_IN_S);
    throw new TooManyRequests(`this address sent over ${this.perMinute} wrong credentials within a minute`, seconds);
  }

  private inForce(network: string): Failures | undefined {
    const known = this.failures.get(network);
    return known && known.until > this.now() ? known : undefined;
  }
}

/** A customer gets a whole /64 of IPv6 and could use a new address for each attempt. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address); // an IPv4 address in IPv6 form is the same address
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, NETWORK_BYTES).join('.');
}
