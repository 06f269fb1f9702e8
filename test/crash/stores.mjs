import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { missingTool, startKafka } from '../../deploy/kafka/kafka.mjs';
import { startEmbeddedPostgres } from '../../dist/libs/platform/embedded-postgres/embedded-postgres.js';

const CONNECTIONS = '300';

/** A PostgreSQL that restarts on its socket, like a supervised one. */
export async function startPostgres(directory) {
  const options = { directory, settings: { max_connections: CONNECTIONS, shared_buffers: '128MB' } };
  let server = await startEmbeddedPostgres(options);
  // The role of the embedded database gets another password at each start.
  const [user, database, password] = ['crash_test', 'crash_test', 'crash-test'];
  await administer(server, `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
  await administer(server, `CREATE DATABASE ${database} OWNER ${user}`);
  const connection = { ...server.connection, user, password, database };
  const { host, port } = connection;
  const mainProcess = () => Number(readFileSync(join(directory, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  return {
    name: 'PostgreSQL',
    connection,
    url: `postgres://${user}:${password}@${encodeURIComponent(host)}:${port}/${database}`,
    /** An immediate shutdown, which is a crash: PostgreSQL recovers commits from its log. */
    async crash() {
      process.kill(mainProcess(), 'SIGQUIT');
      await sleep(500);
      await answers(connection);
    },
    /** Refuses connections until the returned function is called. */
    async stopForNow() {
      await server.stop();
      return async () => {
        server = await startEmbeddedPostgres(options);
      };
    },
    /** Keeps connections but answers nothing until the returned function is called. */
    hangForNow() {
      const pid = mainProcess();
      process.kill(pid, 'SIGSTOP'); // so that it starts no further process
      const pids = [pid, ...childrenOf(pid)];
      const resume = () => {
        for (const one of pids.splice(0)) signalTo(one, 'SIGCONT');
      };
      for (const one of pids) signalTo(one, 'SIGSTOP');
      process.once('exit', resume); // a stopped process would outlive this one
      return async () => {
        process.off('exit', resume);
        resume();
        await answers(connection);
      };
    },
    stop: () => server.stop(),
  };
}

async function administer({ superuser }, statement) {
  const client = new pg.Client({ ...superuser, database: 'postgres' });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function answers(connection) {
  for (;;) {
    const client = new pg.Client(connection);
    client.on('error', () => {});
    try {
      await client.connect();
      return await client.end();
    } catch {
      await sleep(100);
    }
  }
}

function childrenOf(pid) {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child);
}

function signalTo(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // it exited meanwhile
  }
}

/** A broker, or undefined if none can be started; then the test runs without Kafka. */
export async function startBroker(directory) {
  const missing = missingTool();
  if (missing) {
    if (process.env.CI === 'true') throw new Error(missing);
    console.log(`skipping Kafka: ${missing}`);
    return undefined;
  }
  let kafka = await startKafka({ port: 0, directory });
  process.once('exit', () => kafka.broker.kill('SIGKILL'));
  const { bootstrap } = kafka;
  const port = Number(bootstrap.split(':')[1]);
  return {
    bootstrap,
    /** @param hard by SIGKILL, otherwise in order */
    async restart(hard) {
      if (hard) kafka.broker.kill('SIGKILL');
      await kafka.stop();
      kafka = await startKafka({ port, directory });
    },
    stop: () => kafka.stop(),
  };
}
