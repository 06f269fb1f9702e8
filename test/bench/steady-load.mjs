import { setTimeout as sleep } from 'node:timers/promises';
import { expectStatus, openConnection } from './http-connection.mjs';

const TICK_MS = 1;

/**
 * Sends requests at a steady rate, however long the answers take: a request waits if every connection is busy, and its
 * time counts from when it was due. Up to a tick of that time is the timer's.
 * @param count connections
 * @returns each one's milliseconds
 */
export async function askSteadily({ url }, count, perSecond, requests) {
  const connections = await Promise.all(Array.from({ length: count }, () => openConnection(url)));
  const idle = [...connections];
  const times = [];
  const started = performance.now();
  const dueAt = (n) => started + (n * 1000) / perSecond;
  let next = 0;
  const answered = [];
  const askOne = async (connection, n) => {
    expectStatus(await connection.ask(requests[n]), 200);
    times.push(performance.now() - dueAt(n));
    idle.push(connection);
  };
  while (next < requests.length) {
    while (next < requests.length && dueAt(next) <= performance.now() && idle.length > 0)
      answered.push(askOne(idle.pop(), next++));
    await sleep(TICK_MS);
  }
  await Promise.all(answered);
  for (const connection of connections) connection.close();
  return times;
}
