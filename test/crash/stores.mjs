import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { missingTool, startKafka } from '../../deploy/kafka/kafka.mjs';
import { startEmbeddedPostgres } from '../../dist/libs/platform/database/embedded-postgres.js';

const CONNECTIONS = '300';
const HOST = '127.0.0.1';
/** Below those that the system hands out for outgoing connections: nobody else takes it while the server is away. */
const PORTS = { from: 15_000, count: 15_000 };

/** A PostgreSQL that starts again by itself on its port, as a supervised one does. */
export async function startPostgres(directory) {
  const options = {
    directory,
    port: await freePort(),
    settings: { max_connections: CONNECTIONS, shared_buffers: '128MB' },
  };
  let server = await startEmbeddedPostgres(options);
  const { connection } = server;
  const { host, port, user, password, database } = connection;
  const mainProcess = () => Number(readFileSync(join(directory, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  return {
    connection,
    url: `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
    /** Immediate shutdown: as a crash; what was committed is recovered from its log. */
    async crash() {
      process.kill(mainProcess(), 'SIGQUIT');
      await sleep(500);
      await answers(connection);
    },
    /** Away until the function that it answers is called: whoever connects is refused. */
    async stopForNow() {
      await server.stop();
      return async () => {
        server = await startEmbeddedPostgres(options);
      };
    },
    /** Away until the function that it answers is called: connections stand, and nothing is answered. */
    hangForNow() {
      const pid = mainProcess();
      process.kill(pid, 'SIGSTOP'); // from here on it starts no further process
      const pids = [pid, ...childrenOf(pid)];
      const resume = () => {
        for (const one of pids.splice(0)) signalTo(one, 'SIGCONT');
      };
      for (const one of pids) signalTo(one, 'SIGSTOP');
      process.once('exit', resume); // one that stands still would not stop with us
      return async () => {
        process.off('exit', resume);
        resume();
        await answers(connection);
      };
    },
    stop: () => server.stop(),
  };
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
    if (error.code !== 'ESRCH') throw error; // it ended meanwhile
  }
}

async function freePort() {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, HOST, () => resolve(true));
    });
    await new Promise((resolve) => probe.close(resolve));
    if (free) return port;
  }
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
