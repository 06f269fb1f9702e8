import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Networks } from '../platform/configuration/networks.js';

const WITH_PORT = /^(?:\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/;
const NETWORK_BYTES = 8;

/**
 * The network that a request comes from, which limits are counted for: an IPv4 address or an IPv6 /64, since a customer gets a
 * whole one. Behind trusted proxies it is the nearest address in X-Forwarded-For that is none of theirs. An entry that is
 * no address says nothing, so the proxy in front of it counts; otherwise each made-up value would have limits of its own.
 */
export function networkOf({ socket, headers }: IncomingMessage, trusted: Networks): string {
  let address = socket.remoteAddress ?? '';
  if (trusted.has(address)) {
    const entries = String(headers['x-forwarded-for'] ?? '').split(',');
    for (let entry = addressIn(entries.pop()); entry; entry = addressIn(entries.pop())) {
      address = entry;
      if (!trusted.has(address)) break;
    }
  }
  return networkOfAddress(address);
}

/** Some proxies add the port. */
function addressIn(entry = ''): string | undefined {
  const text = entry.trim();
  const [, v6, v4] = WITH_PORT.exec(text) ?? [];
  const address = v6 ?? v4 ?? text;
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}

/** @param address of a socket; empty if it has closed */
export function networkOfAddress(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address); // an IPv4 address in IPv6 form is the same address
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, NETWORK_BYTES).join('.');
}
