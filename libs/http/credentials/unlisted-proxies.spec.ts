import type { IncomingMessage } from 'node:http';
import { expect, it } from '@jest/globals';
import { Networks } from '../../platform/configuration/networks.js';
import { createLogger } from '../../platform/logging/logger.js';
import { UnlistedProxies } from './unlisted-proxies.js';

const lines: string[] = [];
const logger = createLogger({ logLevel: 'warn', logFormat: 'json' }, { write: (line) => lines.push(line) });
const proxies = new UnlistedProxies(Networks.of(['10.0.0.0/8'])!, logger);
const receive = (remoteAddress: string, forwarded?: string) =>
  proxies.note({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  } as never as IncomingMessage);

it('warns once of each address that forwards requests but is not trusted, and of ten at most', () => {
  receive('192.0.2.1');
  receive('10.1.2.3', '198.51.100.1');
  expect(lines).toEqual([]);
  for (let n = 0; n < 3; n++) receive('192.0.2.1', '198.51.100.1');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ address: '192.0.2.1', level: 'warn' });
  expect(lines[0]).toContain('GATEHOUSE_TRUSTED_PROXIES');
  for (let n = 0; n < 30; n++) receive(`192.0.2.${n}`, '198.51.100.1');
  expect(lines).toHaveLength(10);
});
