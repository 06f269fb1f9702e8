import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { answerClientError } from './client-error.js';

let server: Server;
beforeAll(async () => {
  const impatient = { connectionsCheckingInterval: 20, headersTimeout: 100, requestTimeout: 100, maxHeaderSize: 2_000 };
  server = createServer(impatient, (_request, answer) => answer.end('fine'));
  server.on('clientError', answerClientError);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

it.each([
  ['is not HTTP', 'nonsense\r\n\r\n', 400, 'malformed-request'],
  ['has an unknown method', 'BREW / HTTP/1.1\r\nhost: a\r\n\r\n', 501, 'method-unknown'],
  ['has a method in lower case', 'get / HTTP/1.1\r\nhost: a\r\n\r\n', 501, 'method-unknown'],
  ['has endless headers', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(4_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ['never ends', 'POST / HTTP/1.1\r\nhost: a\r\n', 408, 'request-timeout'],
])('answers a request that %s with a problem and closes the connection', async (_, sent, status, code) => {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(sent);
  let answer = '';
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk;
  const [head, body] = answer.split('\r\n\r\n') as [string, string];
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toContain('content-type: application/problem+json');
  expect(head).toContain(`content-length: ${body.length}`);
  expect(JSON.parse(body)).toMatchObject({ status, type: expect.stringMatching(new RegExp(`/${code}$`)) });
});
