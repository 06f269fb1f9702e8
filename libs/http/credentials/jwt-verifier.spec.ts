import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { JwtVerifier } from './jwt-verifier.js';

const AUDIENCE = 'gatehouse';
const UNREACHABLE = 'http://127.0.0.1:9';
const NOW_S = 1_800_000_000;
const HOUR_S = 3_600;
const TOLERANCE_S = 30;
const time = { s: NOW_S };
const clock = { now: () => time.s * 1000 };

describe('JWTs of an issuer', () => {
  let server: Server;
  let issuer: string;
  let key: CryptoKey;
  let verifier: JwtVerifier;
  let keysAnswer: { status: number; text: string } | undefined;

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' };
    server = createServer(({ url }, answer) => {
      const document = url === '/keys' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/keys` };
      const { status, text } = (url === '/keys' && keysAnswer) || { status: 200, text: JSON.stringify(document) };
      answer.writeHead(status, { 'content-type': 'application/json' }).end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    verifier = new JwtVerifier({ issuer, audience: AUDIENCE, rolesClaim: 'realm.roles' }, clock);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const signed = (claims: Record<string, unknown> = {}, by = key) =>
    new SignJWT({
      iss: issuer,
      aud: AUDIENCE,
      sub: 'auth0|ann',
      exp: NOW_S + 60,
      realm: { roles: ['reviewer', 'root'] },
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(by);

  it('identifies the subject and keeps the known roles', async () => {
    expect(await verifier.authenticate(await signed())).toEqual({
      kind: 'user',
      id: 'oidc:auth0~007cann',
      roles: ['reviewer'],
    });
    expect((await verifier.authenticate(await signed({ realm: { roles: ['service'] } })))?.kind).toBe('service');
    expect((await verifier.authenticate(await signed({ realm: undefined })))?.roles).toEqual([]);
  });

  it.each([
    ['another issuer', { iss: 'https://elsewhere.example' }],
    ['another audience', { aud: 'other' }],
    ['a past expiry', { exp: NOW_S - 31 }],
    ['no expiry', { exp: undefined }],
    ['no subject', { sub: undefined }],
    ['an endless subject', { sub: 'x'.repeat(300) }],
    ['an empty subject', { sub: '' }],
    ['a number as its subject', { sub: 42 }],
    ['a list as its subject', { sub: ['ann'] }],
  ])('rejects one with %s', async (_, claims) => {
    expect(await verifier.authenticate(await signed(claims))).toBeUndefined();
  });

  it('answers claims of any JSON type: with roles only for a list or a string that has them', async () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>({ toString: 1, valueOf: 1 }, [{ toString: 1 }], [['reviewer']], 7, true, null),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('sub', 'realm', 'roles', 'exp', 'nbf', 'iat', 'aud', 'jti'),
        odd,
        async (name, value) => {
          const claims = name === 'roles' ? { realm: { roles: value } } : { [name]: value };
          const principal = await verifier.authenticate(await signed(claims));
          if (name === 'sub' && (typeof value !== 'string' || value === '')) expect(principal).toBeUndefined();
          if (name === 'roles' && typeof value !== 'string')
            expect(principal).toMatchObject({ kind: 'user', roles: [] });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('admits one from nbf to exp, however the clock is set', async () => {
    const jwt = await signed({ nbf: NOW_S - HOUR_S / 2, exp: NOW_S + HOUR_S / 2 });
    const jump = fc.oneof(fc.integer({ min: -HOUR_S, max: HOUR_S }), fc.constantFrom(-HOUR_S, HOUR_S));
    await fc.assert(
      fc.asyncProperty(fc.array(jump, { minLength: 1, maxLength: 6 }), async (jumps) => {
        try {
          for (const by of jumps) {
            time.s += by;
            const inForce = Math.abs(time.s - NOW_S) < HOUR_S / 2 + TOLERANCE_S;
            const atAnEdge = Math.abs(Math.abs(time.s - NOW_S) - HOUR_S / 2 - TOLERANCE_S) <= 1;
            if (!atAnEdge) expect((await verifier.authenticate(jwt)) !== undefined).toBe(inForce);
          }
        } finally {
          time.s = NOW_S;
        }
      }),
    );
  });

  it('rejects a foreign signature, a missing signature and a malformed JWT', async () => {
    const stranger = (await generateKeyPair('ES256')).privateKey;
    expect(await verifier.authenticate(await signed({}, stranger))).toBeUndefined();
    const payload = (await signed()).split('.')[1];
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    expect(await verifier.authenticate(unsigned)).toBeUndefined();
    expect(await verifier.authenticate('nonsense')).toBeUndefined();
  });

  it('distinguishes an unreachable issuer from an invalid JWT', async () => {
    const away = new JwtVerifier({ issuer: UNREACHABLE, audience: AUDIENCE, rolesClaim: 'roles' }, clock);
    const anothers = await signed({ iss: issuer });
    for (const invalid of ['abc', 'a.b.c', '', `${anothers}.x`, anothers]) {
      expect(await away.authenticate(invalid)).toBeUndefined();
    }
    await expect(away.authenticate(await signed({ iss: UNREACHABLE }))).rejects.toMatchObject({
      code: 'issuer-unavailable',
      kind: 'unavailable',
    });
  });

  it.each([
    ['an error', { status: 500, text: '{"error":"server_error"}' }],
    ['a page', { status: 200, text: '<html>maintenance</html>' }],
    ['another document', { status: 200, text: '{}' }],
    ['a redirect', { status: 302, text: '' }],
  ])(
    'reports an issuer that answers with %s instead of its keys, and accepts its JWTs once it serves them',
    async (_, wrong) => {
      const fresh = new JwtVerifier({ issuer, audience: AUDIENCE, rolesClaim: 'realm.roles' }, clock);
      keysAnswer = wrong;
      await expect(fresh.authenticate(await signed())).rejects.toMatchObject({
        code: 'issuer-unavailable',
        kind: 'unavailable',
      });
      keysAnswer = undefined;
      expect((await fresh.authenticate(await signed()))?.id).toBe('oidc:auth0~007cann');
    },
  );

  it('rejects one signed with an unknown key', async () => {
    const unknown = new SignJWT({ iss: issuer, aud: AUDIENCE, sub: 'ann', exp: NOW_S + 60 });
    const jwt = await unknown.setProtectedHeader({ alg: 'ES256', kid: 'k2' }).sign(key);
    expect(await verifier.authenticate(jwt)).toBeUndefined();
  });
});
