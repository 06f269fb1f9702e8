import { KafkaJsBroker, type KafkaOptions } from '../../libs/kafka/kafkajs-broker.js';
import { readAuthority } from '../../libs/platform/authority-file.js';
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
    ssl: kafkaTls && (kafkaCaFile === undefined || { ca: authorityIn(kafkaCaFile) }),
    sasl: sasl as KafkaOptions['sasl'],
    log: (line, details) => logger.debug(details, line),
  });
}

const authorityIn = (file: string): string => readAuthority('GATEHOUSE_KAFKA_CA_FILE', file, 'kafka-ca-unreadable');
