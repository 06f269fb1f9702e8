import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingTool, startKafka } from '../../deploy/kafka/kafka.mjs';
import { KafkaJsBroker } from '../../dist/libs/kafka/kafkajs-broker.js';

/** Why the rows with a broker are skipped on this machine; empty if they can run. */
export const withoutBroker = () => missingTool();

/** A new broker on a temporary directory; it ends with this process at the latest. */
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
