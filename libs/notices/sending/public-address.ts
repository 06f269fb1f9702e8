import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The name of an error of a connection that was refused because of its address. */
export const PRIVATE_ADDRESS = 'EPRIVATE';

/** False for addresses of this machine, of private networks and of special use, also in IPv6 form. */
export const isPublicAddress = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';

/** @param host of a URL: a name, or an address, an IPv6 one in brackets */
export function isPrivateHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) !== 0 && !isPublicAddress(bare);
}

/**
 * Finds the addresses of a name, and connects to none of them unless all are public. It is what the connection uses, so that a
 * name can't have one address when it is checked and another after that.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0);
    const isPrivate = addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address));
    if (isPrivate)
      return callback(Object.assign(new Error(`${hostname} has a private address`), { code: PRIVATE_ADDRESS }), '', 0);
    if (options.all) return callback(null, addresses as LookupAddress[]);
    const [first] = addresses;
    callback(null, first!.address, first!.family);
  });
};
