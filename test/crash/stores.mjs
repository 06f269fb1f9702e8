import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { missingTool, startKafka } from '../../deploy/kafka/kafka.mjs';
import { startEmbeddedPostgres } from '../../dist/libs/platform/database/embedded-postgres.js';

const CONNECTIONS = '300';

/** A PostgreSQL that starts again by itself on its port, as a supervised one does. */
export async function startPostgres(directory) {
  const server = await startEmbeddedPostgres({
    directory,
    port: 0,
    settings: { max_connections: CONNECTIONS, shared_buffers: '128MB' },
  });
  const { host, port, user, password, database } = server.connection;
  return {
    connection: server.connection,
    url: `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
    /** Immediate shutdown: as a crash; what was committed is recovered from its log. */
    async crash() {
      const pid = Number(readFileSync(join(directory, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(pid, 'SIGQUIT');
      await sleep(500);
      for (;;) {
        const client = new pg.Client(server.connection);
        client.on('error', () => {});
        try {
          await client.connect();
          return await client.end();
        } catch {
          await sleep(100);
        }
      }
    },
    stop: () => server.stop(),
  };
}

/** A broker, or undefined where there is none to be had; then the doors to Kafka stay closed. */
export async function startBroker(directory) {
  const missing = missingTool();
  if (missing) {
    if (process.env.CI === 'true') throw new Error(missing);
    console.log(`without Kafka: ${missing}`);
    return undefined;
  }
  let kafka = await startKafka({ port: 0, directory });
  process.once('exit', () => kafka.broker.kill('SIGKILL'));
  const { bootstrap } = kafka;
  const port = Number(bootstrap.split(':')[1]);
  return {
    bootstrap,
    /** @param hard as kill -9, otherwise in order */
    async restart(hard) {
      if (hard) kafka.broker.kill('SIGKILL');
      await kafka.stop();
      kafka = await startKafka({ port, directory });
    },
    stop: () => kafka.stop(),
  };
}
