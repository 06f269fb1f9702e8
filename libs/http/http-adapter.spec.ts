import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { readSettings } from '../platform/configuration/settings.js';
import { createHttpAdapter } from './http-adapter.js';
import { HttpError } from './http-error.js';

it('answers a request that arrives while the server closes, with Connection: close', async () => {
  const server = (await createHttpAdapter(readSettings({}))).getInstance();
  server.post('/slow', async () => 'accepted');
  server.get('/next', async () => 'accepted too');
  const closing = new Promise<void>((resolve) => {
    server.addHook('preClose', async () => resolve());
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  const started = once(server.server, 'request');
  socket.write('POST /slow HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{');
  await started;
  const closed = server.close();
  await closing;
  socket.write('}GET /next HTTP/1.1\r\nhost: a\r\n\r\n');
  let answers = '';
  for await (const chunk of socket.setEncoding('utf8')) answers += chunk;
  await closed;
  expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  expect(answers).toMatch(/connection: close.*accepted too$/is);
});

describe('a request', () => {
  let server: FastifyInstance;
  let carriedOut = 0;
  beforeEach(async () => {
    carriedOut = 0;
    server = (await createHttpAdapter(readSettings({}))).getInstance();
    server.addHook('onRequest', async ({ headers }) => {
      if (headers.authorization === undefined) throw new HttpError(401, 'unauthenticated', 'no credential');
    });
    server.setErrorHandler((error: HttpError, _request, reply) => {
      reply.status(error.status).send(error.code);
    });
    server.post('/', async ({ body }) => {
      carriedOut++;
      return `read ${JSON.stringify(body)}`;
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => server.close());

  /** Sends the body after a first answer, and returns all answers. */
  async function post(headers: readonly string[], { version = '1.1' } = {}): Promise<string> {
    const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
    const all = ['content-type: application/json', 'content-length: 2', ...headers];
    socket.write(`POST / HTTP/${version}\r\n${all.join('\r\n')}\r\n\r\n`);
    let answers = '';
    if (headers.some((one) => one.startsWith('expect'))) [answers] = await once(socket, 'data');
    socket.end('{}');
    for await (const chunk of socket) answers += chunk;
    return answers;
  }
  const CREDENTIAL = 'authorization: Bearer right';
  const statuses = (answers: string) => answers.match(/(?<=HTTP\/1\.1 )\d+/g);

  it('that waits for 100 gets it once it is admitted', async () => {
    expect(statuses(await post(['host: a', 'expect: 100-continue']))).toEqual(['401']);
    const answers = await post(['host: a', 'expect: 100-Continue', CREDENTIAL]);
    expect(statuses(answers)).toEqual(['100', '200']);
    expect(answers).toMatch(/read \{\}$/);
  });

  it.each<[string, string[], string, string]>([
    ['that expects anything else', ['host: a', 'expect: money'], '417', 'expectation-failed'],
    ['with two hosts', ['host: a', 'Host: b'], '400', 'malformed-request'],
    ['without a host', [], '400', 'malformed-request'],
  ])('%s is not carried out', async (_, headers, status, code) => {
    expect(statuses(await post(headers))).toEqual(['401']);
    const answers = await post([...headers, CREDENTIAL]);
    expect(statuses(answers)).toEqual([status]);
    expect(answers).toContain(code);
    expect(carriedOut).toBe(0);
  });

  it('of HTTP/1.0 needs no host', async () => {
    expect(await post([CREDENTIAL], { version: '1.0' })).toMatch(/ 200 .*read \{\}$/s);
  });
});
