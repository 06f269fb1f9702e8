import { isIPv6 } from 'node:net';
import { TooManyRequests } from '../too-many-requests.js';

const MINUTE_MS = 60_000;
const MS_IN_S = 1_000;
const ADDRESSES_REMEMBERED = 50_000;
const GROUPS = 8;
const NETWORK_GROUPS = 4;

interface Failures {
  count: number;
  /** When it begins anew. */
  until: number;
}

/** Counts by address, for a minute each, the credentials that were not in force. */
export class FailedAttempts {
  private readonly failures = new Map<string, Failures>();
  /** When the last of them is over. */
  private latest = 0;

  /** @param now milliseconds that only go forward */
  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** False where nobody failed within a minute: nothing else need be asked then. */
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
    this.failures.delete(network);
    this.failures.set(network, { count: 1, until: this.latest });
    for (const [oldest, { until }] of this.failures) {
      if (until > this.now() && this.failures.size <= ADDRESSES_REMEMBERED) break;
      this.failures.delete(oldest);
    }
  }

  /** @throws TooManyRequests for an address with more than may be */
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

/** One customer has a whole /64 of IPv6; counting its addresses one by one would count nothing. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address.slice(address.lastIndexOf(':') + 1);
  const [head = '', tail] = address.split('::') as [string?, string?];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(GROUPS - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(':');
}
