import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from '@jest/globals';
import { readSettings } from '../platform/configuration/settings.js';
import { createHttpAdapter } from './http-adapter.js';

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
