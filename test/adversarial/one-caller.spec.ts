import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { MAX_WAITING } from '../../libs/http/request-queue.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

/* One anonymous caller does its worst, from one address. The limits are the default ones. */

const RATE = 60;
const question = {
  subject: { type: 'account', id: 'acc-1' },
  action: { name: 'generate' },
  resource: { type: 'product', id: 'images' },
};

let gatehouse: TestGatehouse;
let service: Client;
const attackers: Socket[] = [];

beforeAll(async () => {
  gatehouse = await startGatehouse({ env: { GATEHOUSE_PUBLIC_RATE_PER_MINUTE: String(RATE) } });
  service = await gatehouse.as('image-service', 'service');
});
afterEach(() => {
  for (const attacker of attackers.splice(0)) attacker.destroy();
});
afterAll(() => gatehouse.close());

async function attack(text: string): Promise<Socket> {
  const socket = connect(Number(new URL(gatehouse.url).port), '127.0.0.1');
  socket.on('error', () => {});
  attackers.push(socket);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

const request = (line: string, headers: Record<string, string> = {}, body = '') =>
  `${line} HTTP/1.1\r\n${Object.entries({ host: 'a', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`;

/** How many requests the routes have answered, by template and status. */
async function answered(route: string): Promise<Record<string, number>> {
  const { body } = await gatehouse.administrator.get('/metrics');
  const line =
    /^gatehouse_http_request_duration_seconds_count\{method="[A-Z]+",route="([^"]*)",status="(\d+)"\} (\d+)$/gm;
  return Object.fromEntries(
    [...(body as string).matchAll(line)].filter(([, of]) => of === route).map(([, , status, n]) => [status, Number(n)]),
  );
}

const mayAsk = async () => expect((await service.post('/access/v1/evaluation', question)).status).toBe(200);

it('1,500 pipelined requests for the documents on one connection: few run, and another caller is answered', async () => {
  const socket = await attack(request('GET /openapi.json').repeat(1_500));
  await mayAsk();
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk;
  const statuses = text.match(/(?<=HTTP\/1\.1 )\d+/g);
  expect(statuses).toEqual([...Array(MAX_WAITING + 1).fill('200'), '429']);
  expect(await answered('/openapi.json')).toEqual({ 200: MAX_WAITING + 1 });
  await mayAsk();
});

it('100 connections of 200 pipelined requests that close at once: hardly any runs', async () => {
  const sockets = await Promise.all(Array.from({ length: 100 }, () => attack(request('GET /docs').repeat(200))));
  for (const socket of sockets) socket.destroy();
  await mayAsk();
  await until(async () => (await connections()) < sockets.length);
  const { 200: served = 0, 429: refused = 0 } = await answered('/docs');
  expect(served).toBeLessThanOrEqual(RATE);
  expect(served + refused).toBeLessThanOrEqual(2 * sockets.length);
});

it('tokens that it makes up: the next new token of another caller at its address is valid', async () => {
  const wrong = () => `Bearer ght_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`;
  const flood = Array.from({ length: 8 }, () =>
    attack(Array.from({ length: MAX_WAITING }, () => request('GET /v1/policy', { authorization: wrong() })).join('')),
  );
  await Promise.all(flood);
  const late = await gatehouse.as('late', 'service');
  expect((await late.post('/access/v1/evaluation', question)).status).toBe(200);
  await until(async () => ((await answered('/v1/policy'))[429] ?? 0) > 0);
  expect((await answered('/v1/policy'))[401]).toBeLessThanOrEqual(RATE);
});

it('requests that no route can take: they count, too', async () => {
  const kinds = [
    request('GET /v1/policy%'),
    request(`GET /v1/tokens/${'x'.repeat(700)}`),
    request('POST /v1/events', { 'content-encoding': 'gzip', 'content-length': '2' }, '{}'),
    request('POST /access/v1/evaluation', { 'content-type': 'text/plain', 'content-length': '2' }, '{}'),
    request('GET /nowhere', { expect: 'money' }),
  ];
  const statusOf = async (text: string) => String((await once(await attack(text), 'data'))[0]).slice(9, 12);
  for (const kind of kinds) await until(async () => (await statusOf(kind)) === '429');
  await mayAsk();
});

it('long bodies: none is parsed', async () => {
  const body = '['.repeat(500_000);
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  const sockets = await Promise.all(
    ['/v1/events', '/v1/waitlist', '/access/v1/evaluation'].map((path) =>
      attack(request(`POST ${path}`, headers, body)),
    ),
  );
  const answers = await Promise.all(
    sockets.map(async (socket) => String((await once(socket, 'data'))[0]).slice(9, 12)),
  );
  for (const status of answers) expect(['401', '413', '429']).toContain(status);
  await mayAsk();
});

const connections = () =>
  new Promise<number>((resolve, reject) =>
    gatehouse.app
      .getHttpServer()
      .getConnections((error: Error | null, n: number) => (error ? reject(error) : resolve(n))),
  );
