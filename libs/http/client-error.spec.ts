import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readSettings } from '../platform/configuration/settings.js';
import { answerClientError } from './client-error.js';
import { RequestQueue } from './request-queue.js';

let server: Server;
beforeAll(async () => {
  const impatient = { connectionsCheckingInterval: 20, headersTimeout: 100, requestTimeout: 100, maxHeaderSize: 2_000 };
  server = createServer(impatient, (request, answer) => {
    if (request.url === '/early') answer.end('fine');
    else request.resume().on('end', () => setImmediate(() => answer.end('fine')));
  });
  server.on('clientError', answerClientError);
  new RequestQueue(server, readSettings({}).trustedProxies, () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';

/** All that the server sends until it closes the connection. */
async function answersTo(sent: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(sent);
  let answers = '';
  for await (const chunk of socket.setEncoding('utf8')) answers += chunk;
  return answers;
}

it.each([
  ['is not HTTP', 'nonsense\r\n\r\n', 400, 'malformed-request'],
  ['has an unknown method', 'BREW / HTTP/1.1\r\nhost: a\r\n\r\n', 501, 'method-unknown'],
  ['has a method in lower case', 'get / HTTP/1.1\r\nhost: a\r\n\r\n', 501, 'method-unknown'],
  ['has endless headers', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(4_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ['never ends', 'POST / HTTP/1.1\r\nhost: a\r\n', 408, 'request-timeout'],
  ['has a body that never ends', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{', 408, 'request-timeout'],
  ['has a malformed chunk', `POST / HTTP/1.1\r\nhost: a\r\n${CHUNKED}2\r\n{}\r\nnonsense`, 400, 'malformed-request'],
])('answers a request that %s with a problem and closes the connection', async (_, sent, status, code) => {
  const answer = await answersTo(sent);
  const [head, body] = answer.split('\r\n\r\n') as [string, string];
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toContain('content-type: application/problem+json');
  expect(head).toContain(`content-length: ${body.length}`);
  expect(JSON.parse(body)).toMatchObject({ status, type: expect.stringMatching(new RegExp(`/${code}$`)) });
});

it.each([
  ['has a malformed body but was answered', `POST /early HTTP/1.1\r\nhost: a\r\n${CHUNKED}nonsense`],
  ['was the last one, whatever follows', 'PUT / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET / HTTP/1.1\r\n'],
])('answers a request once that %s', async (_, sent) => {
  const answers = await answersTo(sent);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  expect(answers).toMatch(/fine\r?\n?/);
});
