#!/usr/bin/env node
/**
 * `npm run kafka [-- PORT]`: runs a real Apache Kafka broker on 127.0.0.1, for tests and local work. Needs JDK 17 or
 * later and Maven, which downloads the broker once. The port is the argument, GATEHOUSE_KAFKA_PORT or 9092; 0 picks a free port.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { answers } from './api-versions.mjs';
import { CannotStartKafka, execute, missingLibraries, missingTool, resolveLibraries } from './libraries.mjs';
import { makeCertificate, SECURED, scramArguments, securedProperties } from './secured-listener.mjs';

export { missingLibraries, missingTool };

const HOST = '127.0.0.1';
const DEFAULT_PORT = 9092;
const READY_MS = 60_000;
const STOP_MS = 20_000;
const POLL_MS = 50;
const NODE = 1;
const PARTITIONS = 4;
/** The id of the one-node cluster: 22 characters of base64. */
const CLUSTER = 'Z2F0ZWhvdXNlLWxvY2FsLQ';
const HEAP = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * Starts a broker on a directory of its own, new or from an earlier run. The broker outlives this process unless it is
 * stopped, and keeps this process alive until `broker.unref()`. The directory has its process id in `kafka.pid` and its log in
 * `kafka.log`. Port 0 picks a free port. With a login there is a second listener with TLS that requires it.
 * @param {Parameters<typeof import('./kafka.d.mts').startKafka>[0]} options
 * @returns {ReturnType<typeof import('./kafka.d.mts').startKafka>}
 * @throws CannotStartKafka
 */
export async function startKafka({ port, directory, login }) {
  const missing = missingTool();
  if (missing) throw new CannotStartKafka(missing);
  const classpath = join(await resolveLibraries(), '*');
  mkdirSync(directory, { recursive: true });
  const listening = await usablePort(port);
  const properties = join(directory, 'server.properties');
  const listeners = { PLAINTEXT: listening, ...(login && { [SECURED]: await usablePort(0) }) };
  const secured = login && {
    bootstrap: `${HOST}:${listeners[SECURED]}`,
    certificate: await makeCertificate(directory, HOST),
  };
  writeFileSync(
    properties,
    serverProperties(listeners, await usablePort(0), join(directory, 'log')) +
      (login ? securedProperties(directory, login) : ''),
  );
  if (!existsSync(join(directory, 'log', 'meta.properties'))) {
    const format = [
      'kafka.tools.StorageTool',
      'format',
      '-t',
      CLUSTER,
      '-c',
      properties,
      ...(login ? scramArguments(login) : []),
    ];
    await execute('java', ['-cp', classpath, ...HEAP, ...format], 'cannot format the data directory of Kafka');
  }

  const log = openSync(join(directory, 'kafka.log'), 'a');
  const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];
  const broker = spawn('java', ['-cp', classpath, ...HEAP, ...logging, 'kafka.Kafka', properties], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = once(broker, 'exit');
  let running = true;
  void exited.then(() => {
    running = false;
  });
  writeFileSync(join(directory, 'kafka.pid'), String(broker.pid));
  const stop = async () => {
    if (!running) return;
    broker.kill('SIGTERM');
    if ((await Promise.race([exited, sleep(STOP_MS, 'late', { ref: false })])) === 'late') broker.kill('SIGKILL');
    await exited;
  };
  for (const until = performance.now() + READY_MS; !(await answers(HOST, listening)); await sleep(POLL_MS)) {
    if (running && performance.now() < until) continue;
    await stop();
    const end = readFileSync(join(directory, 'kafka.log'), 'utf8').trimEnd().split('\n').slice(-12).join('\n');
    throw new CannotStartKafka(`the broker in ${directory} did not start; its log ends with:\n${end}`);
  }
  return { bootstrap: `${HOST}:${listening}`, secured, broker, stop };
}

function serverProperties(listeners, controllerPort, directory) {
  const addresses = Object.entries(listeners).map(([name, port]) => `${name}://${HOST}:${port}`);
  return `process.roles=broker,controller
node.id=${NODE}
controller.quorum.voters=${NODE}@${HOST}:${controllerPort}
controller.listener.names=CONTROLLER
listeners=${[...addresses, `CONTROLLER://${HOST}:${controllerPort}`].join(',')}
advertised.listeners=${addresses.join(',')}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,${SECURED}:SASL_SSL
log.dirs=${directory}
num.partitions=${PARTITIONS}
offsets.topic.num.partitions=${PARTITIONS}
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=2
background.threads=2
`;
}

/** @throws CannotStartKafka if the port is in use */
function usablePort(port) {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', () => {
      fail(new CannotStartKafka(`port ${port} of ${HOST} is in use: free it, or set GATEHOUSE_KAFKA_PORT to another`));
    });
    probe.listen(port, HOST, () => {
      const usable = probe.address().port;
      probe.close(() => done(usable));
    });
  });
}

async function main() {
  const given = process.argv[2] ?? process.env.GATEHOUSE_KAFKA_PORT ?? String(DEFAULT_PORT);
  const port = Number(given);
  if (!/^\d+$/.test(given) || port > 65_535) {
    throw new CannotStartKafka(
      `the port is ${JSON.stringify(given)}, which is not an integer from 0 to 65535: correct it`,
    );
  }
  const directory = resolve(process.env.GATEHOUSE_DATA || 'data', 'kafka');
  let asked = false;
  let stop = () => {};
  // npm forwards the Ctrl-C that this process has received already; a second signal must not end it before the broker.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      asked = true;
      stop();
    });
  }
  const kafka = await startKafka({ port, directory });
  stop = () => void kafka.stop();
  if (asked) stop();
  else console.log(`Kafka is ready at ${kafka.bootstrap}\n  data  ${directory}\n\nPress Ctrl-C to stop.`);
  await once(kafka.broker, 'exit');
  console.log('Kafka stopped.');
  process.exitCode = asked ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error) => {
    console.error(error instanceof CannotStartKafka ? `gatehouse: ${error.message}` : error);
    process.exit(1);
  });
}
