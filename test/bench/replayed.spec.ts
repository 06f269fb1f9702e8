import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
// @ts-expect-error: scripts have no types
import { untilReplayed } from './replayed.mjs';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** @returns the address of a server that gives these answers, one after the other, and then the last again */
async function answering(...answers: [status: number, body: string][]): Promise<string> {
  const server = createServer((_, response) => {
    const [status, body] = answers.length > 1 ? answers.shift()! : answers[0]!;
    response.writeHead(status, { connection: 'close' }).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const replaying: [number, string] = [503, JSON.stringify({ code: 'replay-running', detail: 'retry in a while' })];

it('asks again while the log is replayed, and looks after each answer', async () => {
  let looks = 0;
  await untilReplayed(await answering(replaying, replaying, [200, '{}']), 'x', () => looks++);
  expect(looks).toBe(3);
});

it.each<[number, string]>([
  [404, '{"code":"unknown"}'],
  [503, '{"code":"not-ready"}'],
  [500, 'no JSON'],
  [503, 'null'],
])('gives up with an answer that stays: %s %s', async (status, body) => {
  const url = await answering(replaying, [status, body]);
  await expect(untilReplayed(url, 'x', () => {})).rejects.toThrow(`answered ${status}: ${body}`);
});
