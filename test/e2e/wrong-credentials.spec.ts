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

it('limits wrong tokens per address, without a way around the limit of the public endpoint', async () => {
  const from = { 'x-forwarded-for': '198.51.100.1' };
  const seen = await newToken();
  const evaluate = (token: string, headers = from) =>
    client(gatehouse.url, token).post('/access/v1/evaluation', question, headers);
  expect((await evaluate(seen)).status).toBe(200);
  const join = (token: string) => client(gatehouse.url, token).post('/v1/waitlist', { email: 'ada@example.org' }, from);
  for (let n = 0; n < RATE; n++) expect((await (n % 2 ? join(wrong()) : evaluate(wrong()))).status).toBe(401);
  const unseen = await newToken();
  for (const answer of [await join(wrong()), await evaluate(wrong()), await evaluate(unseen), await join('nonsense')]) {
    expect(answer).toMatchObject({ status: 429, body: { type: expect.stringMatching(/too-many-requests$/) } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await evaluate(seen)).status).toBe(200);
  expect((await evaluate(unseen, { 'x-forwarded-for': '198.51.100.2' })).status).toBe(200);
  expect((await evaluate(unseen)).status).toBe(200);
});
