import { expect, it } from '@jest/globals';
import { Networks } from './networks.js';

it('hold addresses and networks, IPv4 in IPv6 form too', () => {
  const networks = Networks.of(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::1'])!;
  for (const inside of ['10.255.0.1', '::ffff:10.1.2.3', '192.0.2.7', 'fd12::3', '::1'])
    expect([inside, networks.has(inside)]).toEqual([inside, true]);
  for (const outside of ['11.0.0.1', '192.0.2.8', 'fe80::1', '::2', '', 'localhost', undefined])
    expect([outside, networks.has(outside)]).toEqual([outside, false]);
  expect(Networks.none.has('127.0.0.1')).toBe(false);
});

it.each(['', 'localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'fd00::/129', '10.0.0/8', '1e1'])(
  'rejects %p',
  (text) => {
    expect(Networks.of(['127.0.0.1', text])).toBeUndefined();
  },
);
