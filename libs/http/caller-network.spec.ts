import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Networks } from '../platform/configuration/networks.js';
import { networkOf, networkOfAddress } from './caller-network.js';

const trusted = Networks.of(['10.0.0.0/8', '2001:db8:ffff::/48'])!;
const from = (remoteAddress: string | undefined, forwarded?: string) =>
  networkOf(
    {
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    } as never as IncomingMessage,
    trusted,
  );

describe('the network of a caller', () => {
  it.each([
    ['2001:db8:0:7::1', '2001:db8::7:ffff:1:2:3'],
    ['2001:db8::7:0:0:0:1', '2001:db8:0:7::'],
    ['::1', '::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('is the same for %s and %s', (one, other) => {
    expect(from(one)).toBe(from(other));
    expect(from(one)).not.toBe(from('2001:db8:0:8::1'));
  });

  it.each<[string, string, string]>([
    ['192.0.2.1', '198.51.100.1', '192.0.2.1'],
    ['10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '203.0.113.9, 198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '203.0.113.9, 198.51.100.1, 10.9.9.9,10.2.2.2', '198.51.100.1'],
    ['10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['10.0.0.1', '[2001:db8:0:7::1]:4711', '2001:db8:0:7::1'],
    ['10.0.0.1', '[2001:db8:0:7::1]', '2001:db8:0:7::1'],
    ['2001:db8:ffff::1', '2001:db8:0:7::1', '2001:db8:0:7::1'],
  ])('of %s, forwarded for %s, is that of %s', (peer, forwarded, expected) => {
    expect(from(peer, forwarded)).toBe(networkOfAddress(expected));
  });

  it.each([
    'unknown',
    '',
    ' ',
    '198.51.100.1,',
    'a, b',
    '198.51.100.256',
    '1',
    'fe80::1%eth0',
    '198.51.100.1 x',
    '_me',
  ])('is the proxy’s if it forwards %j, which ends in no address', (forwarded) => {
    expect(from('10.0.0.1', forwarded)).toBe('10.0.0.1');
    expect(from('10.0.0.1', `${forwarded}, 10.0.0.2`)).toBe('10.0.0.2');
  });

  it('can’t be chosen by a caller, whatever the proxy was sent', () => {
    const text = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom('10.0.0.3', ',', 'unknown'));
    fc.assert(
      fc.property(fc.array(text), (claims) => {
        expect(from('10.0.0.1', [...claims, '198.51.100.1'].join(', '))).toBe('198.51.100.1');
        expect(from('192.0.2.1', claims.join(', '))).toBe('192.0.2.1');
      }),
    );
  });

  it('is empty once the socket has closed', () => {
    expect(from(undefined, '198.51.100.1')).toBe('');
  });
});
