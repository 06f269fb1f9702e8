import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { KafkaJsBroker, type KafkaOptions } from '../../libs/kafka/kafkajs-broker.js';
import { StartFailure } from '../../libs/platform/start-failure.js';
import type { Runtime } from './runtime.js';

/**
 * The brokers of the settings, under a name for their logs.
 * @throws StartFailure `brokers-missing`, `kafka-ca-unreadable`
 */
export function brokerOf({ settings, logger }: Pick<Runtime, 'settings' | 'logger'>, clientId: string): KafkaJsBroker {
  const { kafkaBrokers, kafkaTls, kafkaCaFile, kafkaSaslMechanism, kafkaUsername, kafkaPassword } = settings;
  if (kafkaBrokers.length === 0) {
    throw new StartFailure(
      'brokers-missing',
      'GATEHOUSE_KAFKA_BROKERS is not set, but this role needs Kafka: set it to one or more brokers, as host:port',
    );
  }
  const sasl = kafkaSaslMechanism && {
    mechanism: kafkaSaslMechanism,
    username: kafkaUsername!,
    password: kafkaPassword!,
  };
  return new KafkaJsBroker({
    brokers: [...kafkaBrokers],
    clientId,
    ssl: kafkaTls && (kafkaCaFile === undefined || { ca: readAuthority(kafkaCaFile) }),
    sasl: sasl as KafkaOptions['sasl'],
    log: (line, details) => logger.debug(details, line),
  });
}

function readAuthority(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    createSecureContext({ ca: pem });
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
    throw new Error('it contains no certificate');
  } catch (error) {
    const what = `GATEHOUSE_KAFKA_CA_FILE is ${file}, which can't be used (${(error as Error).message})`;
    throw new StartFailure('kafka-ca-unreadable', `${what}: set it to a readable PEM file with certificates`);
  }
}
