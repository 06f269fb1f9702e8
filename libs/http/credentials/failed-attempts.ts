import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { TooManyRequests } from '../too-many-requests.js';

const MINUTE_MS = 60_000;
const MS_IN_S = 1_000;
const MOST_NETWORKS = 50_000;
const NETWORK_BYTES = 8;

interface Failures {
  count: number;
  /** When it starts again at 0. */
  until: number;
}

/** Counts the invalid credentials of each network, for a minute. */
export class FailedAttempts {
  private readonly failures = new LRUCache<string, Failures>({ max: MOST_NETWORKS });
  /** When the last of them ends. */
  private latest = 0;

  /** @param now milliseconds that only go forward */
  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** False if nobody failed within a minute: nothing else need be checked then. */
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

/** One customer has a whole /64 of IPv6: counting single addresses would count nothing. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address); // an IPv4 address in IPv6 form is the same address
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, NETWORK_BYTES).join('.');
}
