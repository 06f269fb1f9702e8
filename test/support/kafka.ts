import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import { missingLibraries, missingTool, startKafka } from '../../deploy/kafka/kafka.mjs';
import { KafkaJsBroker } from '../../libs/kafka/kafkajs-broker.js';
import type { ConsumedMessage, Message } from '../../libs/kafka/message-broker.js';
import { oncePerRun } from './once-per-run.js';

/** Why this machine has no broker, in one line; empty if it has one. */
const missing = await oncePerRun('kafka-missing', async () => missingTool() ?? (await missingLibraries()) ?? '');

/** Specs that need a real broker: without one they are skipped with a line, and fail in CI. */
export function describeWithKafka(name: string, specs: () => void, furtherTool?: string): void {
  const why = missing || (furtherTool && spawnSync(furtherTool, ['-V']).error && `there is no ${furtherTool}`);
  const { skip: unavailable } = it;
  if (!why || process.env.CI) describe(name, specs);
  else unavailable(`${name}: ${why}`, () => {});
}

/** The time limit of beforeAll, including Maven's first download. */
export const KAFKA_START_MS = 300_000;

/** The credentials of the secured listener. */
export const KAFKA_LOGIN = { username: 'gatehouse', password: 'not-so-secret' };

/** The one broker of this Jest run; the first caller of any worker starts it. */
const sharedBroker = () =>
  oncePerRun('kafka-broker', async (directory) => {
    const options = { port: 0, directory: join(directory, 'kafka'), login: KAFKA_LOGIN };
    const { bootstrap, secured, broker } = await startKafka(options);
    broker.unref();
    return { bootstrap, secured: secured! };
  });

/** Its open listener, as host:port. */
export const kafkaBroker = async (): Promise<string> => (await sharedBroker()).bootstrap;

/** Its listener with TLS that requires the login. */
export const securedKafka = async () => (await sharedBroker()).secured;

/** A unique name for a topic or a group. */
export const uniqueName = (what: string): string => `${what}.${randomBytes(6).toString('hex')}`;

export type ReadMessage = ConsumedMessage & { partition: number };

/** How long `readTopic` reads before it fails. */
const READ_LIMIT_MS = 90_000;

/**
 * Reads a topic from its beginning until there is enough. Each call is a consumer group of its own.
 * @throws Error with what there is if that is not enough, and with what went wrong meanwhile
 */
export async function readTopic(
  bootstrap: string,
  topic: string,
  enough: (messages: readonly ReadMessage[]) => boolean,
): Promise<ReadMessage[]> {
  const stop = new AbortController();
  // A partition that is assigned anew may be read again from its start.
  const read = new Map<string, ReadMessage>();
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(READ_LIMIT_MS)]);
  const options = { group: uniqueName('reader'), topics: [topic], onError, signal };
  await testClient(bootstrap).consume(options, async ({ messages, partition, commit }) => {
    for (const message of messages) read.set(`${partition} ${message.offset}`, { ...message, partition });
    // Before the commit: if the answer to that is lost, these messages are not delivered again.
    if (enough([...read.values()])) stop.abort();
    else await commit(messages.at(-1)!.offset);
  });
  if (stop.signal.aborted) return [...read.values()];
  const found = [...read.values()].map(({ key, partition, offset }) => `${key} at ${partition}/${offset}`);
  const what = `${topic} has only ${found.length} messages (${found.join(', ')}) after ${READ_LIMIT_MS / 1_000} s`;
  throw new Error(`${what}; errors meanwhile: ${errors.map(String).join('; ') || 'none'}`);
}

export const testClient = (bootstrap: string) =>
  new KafkaJsBroker({ brokers: [bootstrap], clientId: 'gatehouse-spec' });

/** The headers of a message as strings; the last of each name. */
export const headersOf = ({ headers }: Pick<ConsumedMessage, 'headers'>): Record<string, string> =>
  Object.fromEntries(headers.map(([name, value]) => [name, value.toString()]));

/** A message in binary mode, as our senders make it. */
export function binaryMessage({ data, datacontenttype, ...attributes }: Record<string, unknown>, key = ''): Message {
  return {
    key: Buffer.from(key),
    value: Buffer.from(JSON.stringify(data)),
    headers: [
      ['content-type', Buffer.from(String(datacontenttype ?? 'application/json'))],
      ...Object.entries(attributes).map(([name, value]): [string, Buffer] => [
        `ce_${name}`,
        Buffer.from(String(value)),
      ]),
    ],
  };
}

export const structuredMessage = (event: unknown, key = ''): Message => ({
  key: Buffer.from(key),
  value: Buffer.from(JSON.stringify(event)),
  headers: [['content-type', Buffer.from('application/cloudevents+json; charset=UTF-8')]],
});
