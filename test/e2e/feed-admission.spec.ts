import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { readEventStream } from '../support/read-event-stream.js';

const CACHED_MS = 5_000;
const now = { ms: Date.UTC(2030, 0, 1) };
const clock = { now: () => now.ms };

let gatehouse: TestGatehouse;
let issuer: Server;
let issuerUrl: string;
const keys = generateKeyPair('ES256');

beforeAll(async () => {
  const { publicKey } = await keys;
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
  issuer = createServer(({ url }, answer) => {
    const document = url === '/keys' ? { keys: [jwk] } : { issuer: issuerUrl, jwks_uri: `${issuerUrl}/keys` };
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  }).listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  issuerUrl = `http://127.0.0.1:${(issuer.address() as { port: number }).port}`;
  const env = { GATEHOUSE_OIDC_ISSUER: issuerUrl, GATEHOUSE_OIDC_AUDIENCE: 'gatehouse' };
  gatehouse = await startGatehouse({ clock, env });
});
afterAll(async () => {
  await gatehouse.close();
  issuer.closeAllConnections();
  issuer.close();
});

/** An open stream that has sent an event and waits for more. */
async function openStream(token: string) {
  const stream = readEventStream(`${gatehouse.url}/v1/events`, token);
  const first = stream.next();
  await gatehouse.administrator.post('/v1/events', cloudEvent('ImageShared', { imageId: 'img-1', accountId: 'acc-1' }));
  expect((await first).done).toBe(false);
  return stream;
}

const ended = async (stream: ReturnType<typeof readEventStream>) => {
  for await (const { data } of stream) expect(data.type).toBe('ImageShared');
};

const newToken = () =>
  gatehouse.app.get(TokenRegistry).create({ name: 'reader', roles: ['service'], createdBy: 'spec' });

it('ends the stream of a token that this process revokes', async () => {
  const { token, secret } = await newToken();
  const stream = await openStream(secret);
  expect((await gatehouse.administrator.delete(`/v1/tokens/${token.id}`)).status).toBe(200);
  await ended(stream);
});

it('ends the stream of a token that another process revoked, once this process checks it again', async () => {
  const { token, secret } = await newToken();
  const stream = await openStream(secret);
  const elsewhere = await gatehouse.beside();
  await elsewhere.app.get(TokenRegistry).revoke(token.id);
  await elsewhere.close();
  now.ms += CACHED_MS;
  await ended(stream);
});

it('ends the stream of a JWT when it expires', async () => {
  const { privateKey } = await keys;
  const jwt = await new SignJWT({ roles: ['service'], sub: 'reader', exp: now.ms / 1000 + 60 })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setIssuer(issuerUrl)
    .setAudience('gatehouse')
    .sign(privateKey);
  const stream = await openStream(jwt);
  now.ms += 120_000;
  await ended(stream);
});

it('keeps the stream of a valid credential open', async () => {
  const stream = await openStream(gatehouse.administratorToken);
  now.ms += CACHED_MS;
  const { secret, token } = await newToken();
  const other = await openStream(secret);
  await gatehouse.administrator.delete(`/v1/tokens/${token.id}`);
  await ended(other); // by now a wrong check would have ended the first stream
  const { body } = await gatehouse.administrator.post(
    '/v1/events',
    cloudEvent('ImageGenerated', { imageId: 'img-2', accountId: 'acc-1' }),
  );
  for await (const { data } of stream) {
    if (data.type === 'ImageGenerated') expect(data.position).toBe(body.results[0].position);
    if (data.type === 'ImageGenerated') return;
  }
  throw new Error('the stream ended');
});
