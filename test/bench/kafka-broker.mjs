import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingTool, startKafka } from '../../deploy/kafka/kafka.mjs';
import { KafkaJsBroker } from '../../dist/libs/kafka/kafkajs-broker.js';

/** Why the rows with a broker are left out on this machine; nothing where they can run. */
export const withoutBroker = () => missingTool();

/** A broker of its own on a temporary directory, gone with this process at the latest. */
export async function startBenchBroker() {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-kafka-'));
  const { bootstrap, broker, stop } = await startKafka({ port: 0, directory });
  const killWithUs = () => broker.kill('SIGKILL');
  process.once('exit', killWithUs);
  return {
    bootstrap,
    client: new KafkaJsBroker({ brokers: [bootstrap], clientId: 'gatehouse-bench' }),
    async stop() {
      await stop();
      process.off('exit', killWithUs);
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
