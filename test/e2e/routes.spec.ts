import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { type DeclaredRoute, DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import { ROLES, type Role } from '../../libs/http/credentials/principal.js';
import { rolesOf } from '../../libs/http/credentials/route-access.js';
import { type Client, client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { servedRoutes } from '../support/served-routes.js';

const UUID = '0196e0f0-0000-7000-8000-000000000001';
const UNKNOWN_BODY = { 'not-a-field': true };

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let beside: Standalone;
let routes: DeclaredRoute[];

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  await gatehouse.settle();
  beside = await gatehouse.beside();
  routes = gatehouse.app.get(DeclaredRoutes).all();
});
afterAll(async () => {
  await beside.close();
  await gatehouse.close();
});

const pathOf = ({ path }: DeclaredRoute) => path.replaceAll(/:\w+/g, UUID);

/** Calls a route so that an admitted caller gets an answer about the body, an unknown entity, or a list. */
function call(caller: Client, route: DeclaredRoute) {
  if (route.method === 'GET') return caller.get(pathOf(route));
  if (route.method === 'DELETE') return caller.delete(pathOf(route));
  return caller[route.method.toLowerCase() as 'post' | 'put'](pathOf(route), UNKNOWN_BODY);
}

async function statuses(caller: Client): Promise<[DeclaredRoute, number][]> {
  const answers: [DeclaredRoute, number][] = [];
  for (const route of routes) {
    const { status, headers, body } = await call(caller, route);
    if (status >= 400) {
      expect([route, headers.get('content-type')]).toEqual([
        route,
        expect.stringMatching(/^application\/problem\+json/),
      ]);
      expect([route, body]).toEqual([route, expect.objectContaining({ status, detail: expect.any(String) })]);
    }
    answers.push([route, status]);
  }
  return answers;
}

const admitted = (status: number) => status !== 401 && status !== 403 && status < 500;
const isPublic = ({ access }: DeclaredRoute) => access.kind !== 'roles';
/** The server listens on loopback. */
const admits = ({ access }: DeclaredRoute, role: Role) =>
  access.kind === 'public-on-loopback' || (rolesOf(access)?.includes(role) ?? true);
const named = ({ method, path }: DeclaredRoute) => `${method} ${path}`;

describe('the route table', () => {
  it('has exactly the routes that the server serves', () => {
    expect(servedRoutes(gatehouse.app.getHttpAdapter().getInstance())).toEqual(routes.map(named).sort());
  });

  it('opens only health, metrics on loopback, discovery, the log of leaves, joining the waitlist and confirming an address to callers without a credential', () => {
    const open = routes.filter(isPublic).map(named).sort();
    const meant =
      /^GET \/(health\/(live|ready)|metrics|openapi\.json|asyncapi\.json|docs.*|log\/(checkpoint|keys|tile\/.*)|\.well-known\/authzen-configuration)$/;
    expect(open.filter((route) => !meant.test(route))).toEqual([
      'POST /v1/waitlist',
      'POST /v1/waitlist/confirmations',
    ]);
  });

  it('lets compliance read everything but tokens, settings and images', () => {
    const closed = routes.filter((route) => route.method === 'GET' && !admits(route, 'compliance'));
    expect(closed.map(named).sort()).toEqual([
      'GET /v1/images/:id/preview',
      'GET /v1/settings',
      'GET /v1/tokens',
      'GET /v1/tokens/:id',
    ]);
  });

  it.each(ROLES)('admits the role %s exactly where it is declared', async (role) => {
    const caller = await gatehouse.as(`walker-${role}`, role);
    for (const [route, status] of await statuses(caller)) {
      expect([named(route), admits(route, role) ? admitted(status) : status]).toEqual([
        named(route),
        admits(route, role) ? true : 403,
      ]);
    }
  });

  it('admits nobody without a credential to a route that declares one', async () => {
    for (const [route, status] of await statuses(client(gatehouse.url))) {
      expect([named(route), isPublic(route) ? admitted(status) : status]).toEqual([
        named(route),
        isPublic(route) ? true : 401,
      ]);
    }
  });

  it.each([
    ['nonsense', () => 'nonsense'],
    ['a well-formed token that is unknown', () => `ght_${'0'.repeat(16)}_${'A'.repeat(43)}`],
    ['a known token with another secret', (known: string) => `${known.slice(0, -1)}${known.endsWith('A') ? 'B' : 'A'}`],
    ['a known token in capitals', (known: string) => known.toUpperCase()],
    ['a JWT without an issuer', () => 'eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJhZG1pbmlzdHJhdG9yIl19.'],
  ])('refuses %s at every route, the public ones too', async (_, credential) => {
    for (const [route, status] of await statuses(client(gatehouse.url, credential(gatehouse.administratorToken)))) {
      expect([named(route), status]).toEqual([named(route), 401]);
    }
  });

  it('refuses a HEAD without a credential, and a header without a bearer credential', async () => {
    const send = (method: string, authorization?: string) =>
      fetch(`${gatehouse.url}/v1/policy`, { method, ...(authorization && { headers: { authorization } }) });
    expect((await send('HEAD')).status).toBe(401);
    expect((await send('OPTIONS')).status).toBe(204);
    for (const header of [
      `Basic ${gatehouse.administratorToken}`,
      'Bearer',
      `Bearer a b`,
      gatehouse.administratorToken,
    ])
      expect([header, (await send('GET', header)).status]).toEqual([header, 401]);
    expect((await send('GET', `bearer ${gatehouse.administratorToken}`)).status).toBe(200);
  });

  it('never answers a HEAD with an endless stream', async () => {
    const { port } = new URL(gatehouse.url);
    const headers = { authorization: `Bearer ${gatehouse.administratorToken}`, accept: 'text/event-stream' };
    const ended = new Promise<number | undefined>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path: '/v1/events', method: 'HEAD', headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
      })
        .on('error', reject)
        .end();
    });
    expect(await ended).toBe(200);
  });
});

describe('tokens', () => {
  it('are created by an administrator, shown once, and valid at once with exactly their roles', async () => {
    const { administrator } = gatehouse;
    const made = await administrator.post('/v1/tokens', { name: 'moderation-tool', roles: ['reviewer', 'service'] });
    expect(made).toMatchObject({ status: 201, body: { name: 'moderation-tool', revokedAt: null } });
    const tool = client(gatehouse.url, made.body.secret);
    expect((await tool.get('/v1/cases')).status).toBe(200);
    expect((await tool.get('/v1/tokens')).status).toBe(403);
    const listed = (await administrator.get('/v1/tokens')).body;
    expect(listed.items.find((one: { id: string }) => one.id === made.body.id)).toMatchObject({
      roles: ['reviewer', 'service'],
    });
    const [, secret] = /^ght_[^_]+_(.+)$/.exec(made.body.secret)!; // which may hold a _ itself
    expect(JSON.stringify(listed)).not.toContain(secret);
    expect((await administrator.delete(`/v1/tokens/${made.body.id}`)).body.revokedAt).not.toBeNull();
    expect((await administrator.get('/v1/tokens/')).status).toBeLessThan(500);
  });

  it('are refused at once by the process that revokes them, and within five seconds by another', async () => {
    const { administrator } = gatehouse;
    const { id, secret } = (await administrator.post('/v1/tokens', { name: 'leaked', roles: [...ROLES] })).body;
    const here = client(gatehouse.url, secret);
    const there = client(beside.url, secret);
    expect([(await here.get('/v1/status')).status, (await there.get('/v1/status')).status]).toEqual([200, 200]);
    await administrator.delete(`/v1/tokens/${id}`);
    for (const [route, status] of await statuses(here)) expect([named(route), status]).toEqual([named(route), 401]);
    now += 5_000;
    expect((await there.get('/v1/status')).status).toBe(401);
    expect((await administrator.delete(`/v1/tokens/${id}`)).status).toBe(200);
  });

  it.each([
    [{}, ['/name', '/roles']],
    [{ name: 'a b', roles: ['service'] }, ['/name']],
    [{ name: '', roles: ['service'] }, ['/name']],
    [{ name: 'x'.repeat(201), roles: ['service'] }, ['/name']],
    [{ name: 'a\u0000', roles: ['service'] }, ['/name']],
    [{ name: 'a', roles: [] }, ['/roles']],
    [{ name: 'a', roles: ['root'] }, ['/roles']],
    [{ name: 'a', roles: 'service' }, ['/roles']],
    [{ name: 'a', roles: [null] }, ['/roles']],
    [{ name: null, roles: null, id: 1 }, ['/id', '/name', '/roles']],
  ])('are not made from %j', async (body, fields) => {
    const answer = await gatehouse.administrator.post('/v1/tokens', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { field: string }) => error.field).sort()).toEqual(fields);
  });

  it('are not found for any unknown id', async () => {
    for (const id of ['x', '%00', '0'.repeat(16), 'x'.repeat(590), '%F0%9F%92%A9', "'--"]) {
      expect([id, (await gatehouse.administrator.delete(`/v1/tokens/${id}`)).status]).toEqual([id, 404]);
    }
  });
});
