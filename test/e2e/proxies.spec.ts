import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const RATE = 10;
const join = (client: Client, from: string) =>
  client.post('/v1/waitlist', { email: 'ada@example.org' }, { 'x-forwarded-for': from });

describe.each([
  ['a proxy that is trusted', '192.0.2.0/24, 127.0.0.1'],
  ['a proxy that is not', '192.0.2.0/24'],
])('behind %s', (_, GATEHOUSE_TRUSTED_PROXIES) => {
  const isTrusted = GATEHOUSE_TRUSTED_PROXIES.includes('127');
  let gatehouse: TestGatehouse;
  let nobody: Client;
  beforeAll(async () => {
    gatehouse = await startGatehouse({
      env: { GATEHOUSE_TRUSTED_PROXIES, GATEHOUSE_PUBLIC_RATE_PER_MINUTE: String(RATE) },
    });
    nobody = await gatehouse.as('nobody');
  });
  afterAll(() => gatehouse.close());

  it('refuses metrics to requests through a proxy', async () => {
    expect((await nobody.get('/metrics')).status).toBe(isTrusted ? 401 : 200);
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])
      expect([name, (await nobody.get('/metrics', { [name]: 'for=127.0.0.1' })).status]).toEqual([name, 401]);
    expect((await gatehouse.administrator.get('/metrics', { 'x-forwarded-for': '127.0.0.1' })).status).toBe(200);
  });

  it('limits each caller if the proxy is trusted, and all of its callers together otherwise', async () => {
    // A caller's own claim comes before the proxy's addition.
    for (let n = 0; n < RATE; n++) await join(nobody, `203.0.113.${n}, 198.51.100.1`);
    expect((await join(nobody, '198.51.100.1')).status).toBe(429);
    expect((await join(nobody, '198.51.100.2')).status).toBe(isTrusted ? 202 : 429);
  });
});
