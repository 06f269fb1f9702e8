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
/** Below the ports of outgoing connections, so that no other process gets it while the server is down. */
const PORTS = { from: 15_000, count: 15_000 };

/** A PostgreSQL that restarts on its port, like a supervised one. */
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
    name: 'PostgreSQL',
    connection,
    url: `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
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
