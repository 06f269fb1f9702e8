import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import { client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const RATE = 4;
const question = {
  subject: { type: 'account', id: 'acc-1' },
  action: { name: 'generate' },
  resource: { type: 'product', id: 'images' },
};

let gatehouse: TestGatehouse;
beforeAll(async () => {
  gatehouse = await startGatehouse({
    env: { GATEHOUSE_PUBLIC_RATE_PER_MINUTE: String(RATE), GATEHOUSE_TRUSTED_PROXIES: '127.0.0.1' },
  });
});
afterAll(() => gatehouse.close());

const wrong = () => `ght_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`;
const newToken = async () =>
  (await gatehouse.app.get(TokenRegistry).create({ name: 'tool', roles: ['service'], createdBy: 'spec' })).secret;

const from = (address: string) => ({ 'x-forwarded-for': address });
const evaluate = (token: string, headers: Record<string, string>) =>
  client(gatehouse.url, token).post('/access/v1/evaluation', question, headers);
const join = (token: string | undefined, headers: Record<string, string>) =>
  client(gatehouse.url, token).post('/v1/waitlist', { email: 'ada@example.org' }, headers);

it('limits wrong tokens per address, and never right ones, seen before or not', async () => {
  const here = from('198.51.100.1');
  const seen = await newToken();
  expect((await evaluate(seen, here)).status).toBe(200);
  for (let n = 0; n < RATE; n++)
    expect((await (n % 2 ? join(wrong(), here) : evaluate(wrong(), here))).status).toBe(401);
  for (const answer of [await join(wrong(), here), await evaluate(wrong(), here), await join('nonsense', here)]) {
    expect(answer).toMatchObject({ status: 429, body: { type: expect.stringMatching(/too-many-requests$/) } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.get('connection')).toBe('close');
  }
  expect((await evaluate(seen, here)).status).toBe(200);
  const unseen = await newToken();
  expect((await evaluate(unseen, here)).status).toBe(200);
  expect((await join(undefined, here)).status).toBe(202);
  expect((await evaluate(wrong(), from('198.51.100.2'))).status).toBe(401);
});

it('counts a malformed Authorization header as a wrong credential, on any path', async () => {
  const headers = { ...from('198.51.100.3'), authorization: 'Basic eDp5' };
  const paths = ['/v1/policy', '/openapi.json', '/nowhere', '/health/live'];
  for (const path of paths)
    expect([path, (await client(gatehouse.url).get(path, headers)).status]).toEqual([path, 401]);
  for (const path of paths)
    expect([path, (await client(gatehouse.url).get(path, headers)).status]).toEqual([path, 429]);
});

it('limits callers without a credential on every path but the probes', async () => {
  const nobody = client(gatehouse.url);
  const paths = ['/openapi.json', '/v1/policy', '/nowhere', '/docs'];
  expect(paths).toHaveLength(RATE);
  const headers = from('198.51.100.4');
  const statuses = async () => Promise.all(paths.map(async (path) => (await nobody.get(path, headers)).status));
  expect(await statuses()).toEqual([200, 401, 404, 200]);
  expect(await statuses()).toEqual([429, 429, 429, 429]);
  expect((await nobody.get('/health/live', headers)).status).toBe(200);
});

it('counts callers whose proxy forwards no address together', async () => {
  for (let n = 0; n < RATE; n++) expect((await join(undefined, from(`caller-${n}`))).status).toBe(202);
  expect((await join(undefined, from('another caller'))).status).toBe(429);
  expect((await join(undefined, from('198.51.100.5'))).status).toBe(202);
});

it('reads no body without a credential that is long or of unknown length', async () => {
  const nobody = client(gatehouse.url);
  const send = (path: string, bytes: number, address: string) => nobody.post(path, 'x'.repeat(bytes), from(address));
  expect((await send('/v1/events', 1_000_000, '198.51.100.6')).status).toBe(401);
  expect((await send('/v1/waitlist', 16 * 1024 + 1, '198.51.100.6')).status).toBe(413);
  expect((await send('/v1/waitlist', 16 * 1024, '198.51.100.6')).body.type).toMatch(/malformed-json$/);
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('{}'));
      controller.close();
    },
  });
  const options = { method: 'POST', body, duplex: 'half', headers: from('198.51.100.7') };
  const chunked = await fetch(`${gatehouse.url}/v1/waitlist`, options as RequestInit);
  expect([chunked.status, await chunked.json()]).toMatchObject([
    411,
    { type: expect.stringMatching(/length-required$/) },
  ]);
});
