import type { IncomingMessage } from 'node:http';
import type { Networks } from '../../platform/configuration/networks.js';
import type { Logger } from '../../platform/logging/logger.js';

/** Anybody may send the header, so the log must not grow with the number of senders. */
const MAX_WARNINGS = 10;

/** Warns, once for each, of proxies that forward requests but are not trusted: all their callers share one limit. */
export class UnlistedProxies {
  private readonly known = new Set<string>();

  constructor(
    private readonly trusted: Networks,
    private readonly logger: Logger,
  ) {}

  note({ headers, socket: { remoteAddress } }: IncomingMessage): void {
    if (headers['x-forwarded-for'] === undefined || !remoteAddress || this.known.size >= MAX_WARNINGS) return;
    if (this.known.has(remoteAddress) || this.trusted.has(remoteAddress)) return;
    this.known.add(remoteAddress);
    this.logger.warn(
      { address: remoteAddress },
      `${remoteAddress} sends X-Forwarded-For, but GATEHOUSE_TRUSTED_PROXIES does not name it: if it is your proxy, name it ` +
        'there; otherwise all its callers share one limit',
    );
  }
}
