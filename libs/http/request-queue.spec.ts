import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { until } from '../../test/support/until.js';
import { readSettings } from '../platform/configuration/settings.js';
import { createHttpAdapter } from './http-adapter.js';
import { MAX_WAITING } from './request-queue.js';

const MAX_STRANGERS = 256;
let server: FastifyInstance;
let started: string[];
/** Lets the requests of /held answer. */
let release: () => void;
const clients: Socket[] = [];

beforeEach(async () => {
  server = (await createHttpAdapter(readSettings({}))).getInstance();
  started = [];
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.addHook('onRequest', async ({ url, raw }) => {
    if (url === '/proven') server.requestQueue.noteCredential(raw, true);
    started.push(url);
  });
  server.get('/held', async () => held.then(() => 'held'));
  server.get('/:name', async ({ params }) => (params as { name: string }).name);
  await server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server.close();
});

async function open(): Promise<Socket> {
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

const get = (path: string, token = '') =>
  `GET ${path} HTTP/1.1\r\nhost: a\r\n${token && `authorization: Bearer ${token}\r\n`}\r\n`;

/** What the server has sent so far: statuses, and the last line of each body. */
function answersOn(socket: Socket) {
  const all = { text: '', statuses: () => all.text.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [] };
  socket.setEncoding('utf8').on('data', (text) => {
    all.text += text;
  });
  return all;
}

it('answers requests that were sent ahead one after the other, in their order', async () => {
  const socket = await open();
  const answers = answersOn(socket);
  socket.write(get('/held') + ['/a', '/b', '/c'].map((path) => get(path)).join(''));
  await until(() => started.length > 0);
  const other = await open();
  const others = answersOn(other);
  other.write(get('/other'));
  await until(() => others.text.endsWith('other'));
  expect(started).toEqual(['/held', '/other']);
  release();
  await until(() => answers.text.endsWith('c'));
  expect(started).toEqual(['/held', '/other', '/a', '/b', '/c']);
  expect(answers.text.match(/(held|a|b|c)(?=HTTP|$)/g)).toEqual(['held', 'a', 'b', 'c']);
});

it('answers those that have room, refuses the next, and reads no more', async () => {
  const socket = await open();
  const answers = answersOn(socket);
  socket.write(get('/held') + get('/more').repeat(1_500));
  await until(() => started.length > 0);
  const other = await open();
  const others = answersOn(other);
  other.write(get('/other'));
  await until(() => others.text.endsWith('other'));
  release();
  await once(socket, 'close');
  expect(started.filter((path) => path === '/more')).toHaveLength(MAX_WAITING);
  expect(answers.statuses()).toEqual([...Array(1 + MAX_WAITING).fill('200'), '429']);
  expect(answers.text).toContain('connection: close');
  expect(answers.text).toContain('problems/too-many-requests');
});

it('closes a connection on malformed input without an answer that would be taken for that of an earlier request', async () => {
  const socket = await open();
  const answers = answersOn(socket);
  socket.write(`${get('/held')}nonsense\r\n\r\n`);
  await once(socket, 'close');
  expect(answers.text).toBe('');
});

it('drops what a closed connection sent ahead', async () => {
  const socket = await open();
  socket.write(get('/held') + get('/dropped').repeat(10));
  await until(() => started.length > 0);
  expect(await connections()).toBe(1);
  socket.destroy();
  await until(async () => (await connections()) === 0);
  release();
  const other = await open();
  const others = answersOn(other);
  other.write(get('/other'));
  await until(() => others.text.endsWith('other'));
  expect(started).toEqual(['/held', '/other']);
});

it('starts a request with a proven credential before those of strangers that wait', async () => {
  const proven = await open();
  const answers = answersOn(proven);
  proven.write(get('/proven', 'right'));
  await until(() => answers.text.endsWith('proven'));
  const strangers = await Promise.all(Array.from({ length: 100 }, open));
  for (const stranger of strangers) stranger.write(get('/stranger'));
  proven.write(get('/first', 'right'));
  await until(() => started.includes('/first'));
  expect(started.filter((path) => path === '/stranger').length).toBeLessThan(100);
  await until(() => started.filter((path) => path === '/stranger').length === 100);
});

it('closes the oldest idle connection of a network that has too many, but none with a proven credential', async () => {
  const proven = await open();
  const answers = answersOn(proven);
  proven.write(get('/proven', 'right'));
  await until(() => answers.text.endsWith('proven'));
  const knows = await open();
  const known = answersOn(knows);
  knows.write(get('/ahead', 'right'));
  await until(() => known.text.endsWith('ahead'));
  const busy = await open();
  busy.write(get('/held'));
  await until(() => started.includes('/held'));
  const idle = await open();
  const closed = once(idle, 'close');
  for (let n = 2; n < MAX_STRANGERS; n++) await open();
  expect(await connections()).toBe(MAX_STRANGERS + 2);
  await open();
  await closed;
  expect([proven.destroyed, knows.destroyed, busy.destroyed]).toEqual([false, false, false]);
  proven.write(get('/again', 'right'));
  await until(() => answers.text.endsWith('again'));
});

const connections = () =>
  new Promise<number>((resolve, reject) =>
    server.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
