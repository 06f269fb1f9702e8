import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { brokerOf } from '../../apps/composition/kafka-broker.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { createLogger } from '../../libs/platform/logging/logger.js';
import { describeWithKafka, KAFKA_LOGIN, KAFKA_START_MS, securedKafka, uniqueName } from '../support/kafka.js';

const logger = createLogger({ logLevel: 'fatal', logFormat: 'json' });
const text = (value: string) => ({ key: null, value: Buffer.from(value), headers: [] });

describeWithKafka('A broker that is encrypted and asks who one is', () => {
  let directory: string;
  let kafka: Awaited<ReturnType<typeof securedKafka>>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-secured-'));
    kafka = await securedKafka();
  }, KAFKA_START_MS);
  afterAll(async () => {
    if (directory) await rm(directory, { recursive: true });
  });

  /** The broker as a process with these settings would reach it. */
  function clientWith(changes: Record<string, string>) {
    const settings = readSettings({
      GATEHOUSE_KAFKA_BROKERS: kafka.bootstrap,
      GATEHOUSE_KAFKA_TLS: 'on',
      GATEHOUSE_KAFKA_CA_FILE: kafka.certificate,
      GATEHOUSE_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      GATEHOUSE_KAFKA_USERNAME: KAFKA_LOGIN.username,
      GATEHOUSE_KAFKA_PASSWORD: KAFKA_LOGIN.password,
      ...changes,
    });
    return brokerOf({ settings, logger }, 'gatehouse-spec');
  }

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('is written and read with %s', async (mechanism) => {
    const client = clientWith({ GATEHOUSE_KAFKA_SASL_MECHANISM: mechanism });
    const topic = uniqueName('secured');
    await client.ensureTopics([topic]);
    const producer = client.producer();
    await producer.send(topic, [text('hello')]);
    await producer.close();
    const stop = new AbortController();
    const read: string[] = [];
    const options = { group: uniqueName('readers'), topics: [topic], onError: () => {}, signal: stop.signal };
    await client.consume(options, async ({ messages, commit }) => {
      read.push(...messages.map(({ value }) => value!.toString()));
      await commit(messages.at(-1)!.offset);
      stop.abort();
    });
    expect(read).toEqual(['hello']);
  });

  it.each([
    ['a wrong password', { GATEHOUSE_KAFKA_PASSWORD: 'hunter2' }, /authentication failed|invalid credentials/i],
    ['a certificate that nobody it knows has signed', { GATEHOUSE_KAFKA_CA_FILE: '' }, /self.signed certificate/],
  ])('is not talked to with %s, and the error says why', async (_, changes, why) => {
    await expect(clientWith(changes).ensureTopics([uniqueName('refused')])).rejects.toThrow(why);
  });

  it('is not contacted if the file of certificates is invalid', async () => {
    const file = join(directory, 'empty.pem');
    await writeFile(file, 'nothing');
    for (const wrong of [file, join(directory, 'missing.pem')]) {
      expect(() => clientWith({ GATEHOUSE_KAFKA_CA_FILE: wrong })).toThrow(`GATEHOUSE_KAFKA_CA_FILE is ${wrong}`);
    }
  });
});
