import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
// @ts-expect-error: scripts have no types
import { bodyOf, openConnection } from './http-connection.mjs';

const answer = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const UNASKED = 'HTTP/1.1 408 Request Timeout\r\ncontent-length: 2\r\n\r\n{}';

/** Only a fault makes it wait. */
const MOST_MS = 10_000;

let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

/** @returns its address */
async function listening(onConnection: (socket: Socket) => void): Promise<string> {
  server = createServer((socket) => {
    sockets.push(socket);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it(
  'reconnects after an answer to a request that it did not send',
  async () => {
    let connections = 0;
    let gone!: () => void;
    const firstGone = new Promise<void>((resolve) => (gone = resolve));
    const url = await listening((socket) => {
      const number = ++connections;
      socket.on('close', () => number === 1 && gone());
      if (number === 1) socket.write(UNASKED);
      socket.on('data', () => socket.write(answer(`by connection ${number}`)));
    });
    const connection = await openConnection(url);
    await firstGone;
    expect(bodyOf(await connection.ask('GET / HTTP/1.1\r\n\r\n'))).toBe('by connection 2');
    expect(bodyOf(await connection.ask('GET / HTTP/1.1\r\n\r\n'))).toBe('by connection 2');
    connection.close();
  },
  MOST_MS,
);
