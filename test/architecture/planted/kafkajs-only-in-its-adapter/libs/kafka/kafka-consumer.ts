import type { Consumer } from 'kafkajs';

export type KafkaConsumer = Consumer;
